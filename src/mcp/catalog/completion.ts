import type { CompleteResult } from '@modelcontextprotocol/sdk/types.js'
import type { Operation } from '../operation.ts'

/**
 * Suggests values that begin with, or are meant by, what a person has typed so far.
 *
 * @param others values that were chosen already, by name
 */
export type Complete = (typed: string, operation: Operation, others: Record<string, string>) => Promise<string[]> | string[]

/** As many as the protocol allows. */
const MOST_VALUES = 100

/** @throws {TypeError} when what a plugin suggests is no list of texts */
export function toCompletion (values: unknown): CompleteResult {
  if (!isListOfTexts(values)) throw new TypeError('A completion must suggest a list of texts')
  return { completion: { values: values.slice(0, MOST_VALUES), total: values.length, hasMore: values.length > MOST_VALUES } }
}

function isListOfTexts (values: unknown): values is string[] {
  return Array.isArray(values) && values.every((value) => typeof value === 'string')
}
