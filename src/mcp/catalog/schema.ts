import type { TSchema } from '@sinclair/typebox'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'

/** Something can't be registered as it was defined. */
export class CatalogError extends Error {
  readonly code = 'CATALOG_INVALID'

  constructor (message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CatalogError'
  }
}

/**
 * Authors in JavaScript forget a function, and would find out only with the first call.
 *
 * @throws {CatalogError}
 */
export function requireFunction (complaint: string, value: unknown): void {
  if (typeof value !== 'function') throw new CatalogError(`${complaint}: a function`)
}

const ajv = ajvFormats.default(new Ajv2020({ strict: false, useDefaults: true }))

/**
 * Compiles a schema once. The check fills in defaults.
 *
 * @param owner what the schema belongs to, for the error
 * @throws {CatalogError} when it can't be compiled
 */
export function compile (owner: string, schema: TSchema): ValidateFunction {
  try {
    return ajv.compile(schema)
  } catch (error) {
    throw new CatalogError(`A schema of ${owner} can't be compiled: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** Names what is wrong and how, without repeating a value. */
export function describeFaults (check: ValidateFunction, dataVar = 'arguments'): string {
  return ajv.errorsText(check.errors, { dataVar, separator: '; ' })
}

/** Checks one value against a schema that came up only now; nothing of it is kept. */
export function fits (schema: Record<string, unknown>, value: unknown): boolean {
  try {
    return ajv.validate(schema, value)
  } finally {
    ajv.removeSchema(schema)
  }
}
