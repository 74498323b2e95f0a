import { UriTemplate } from '@modelcontextprotocol/sdk/shared/uriTemplate.js'
import type { ReadResourceResult, Resource, ResourceTemplate } from '@modelcontextprotocol/sdk/types.js'
import { isObject } from '../json-rpc.ts'
import type { Operation } from '../operation.ts'
import type { Complete } from './completion.ts'
import { CatalogError, requireFunction } from './schema.ts'

interface Described {
  /** Name for programs. */
  name: string
  /** Name for people. */
  title?: string
  description?: string
  mimeType?: string
}

export interface ResourceDefinition extends Described {
  uri: string
}

export interface ResourceTemplateDefinition extends Described {
  /** RFC 6570, such as `tickets://{number}`. */
  uriTemplate: string
  /** Suggests values of the template's variables while a person types. */
  complete?: Record<string, Complete>
}

/** What a resource is read as: text, or bytes. */
export type ResourceContent = { text: string, mimeType?: string } | { blob: Uint8Array, mimeType?: string }

/** Resolves to `null` when there is no such thing. */
export type ResourceReader = (operation: Operation, uri: string) => Promise<ResourceContent | null> | ResourceContent | null

/** The same for a template, with the values of its variables. */
export type TemplateReader = (variables: Record<string, string>, operation: Operation, uri: string) => Promise<ResourceContent | null> | ResourceContent | null

export interface RegisteredResource {
  readonly listed: Resource
  readonly read: (uri: string, operation: Operation) => Promise<ReadResourceResult | null>
}

export interface RegisteredTemplate {
  readonly listed: ResourceTemplate
  readonly complete: Readonly<Record<string, Complete>>
  readonly matches: (uri: string) => boolean
  readonly read: (uri: string, operation: Operation) => Promise<ReadResourceResult | null>
}

/** @throws {CatalogError} when the URI isn't one */
export function createResource (definition: ResourceDefinition, reader: ResourceReader): RegisteredResource {
  const { uri, mimeType } = definition
  requireFunction(`Resource "${definition.name}" needs a reader`, reader)
  if (!URL.canParse(uri)) throw new CatalogError(`Resource "${definition.name}" needs a URI such as tickets://open, not "${uri}"`)
  return {
    listed: { uri, ...describe(definition) },
    read: async (uri, operation) => toResult(uri, mimeType, await reader(operation, uri))
  }
}

/** @throws {CatalogError} when the template isn't one */
export function createTemplate (definition: ResourceTemplateDefinition, reader: TemplateReader): RegisteredTemplate {
  const { name, uriTemplate, mimeType, complete = {} } = definition
  requireFunction(`Resource template "${name}" needs a reader`, reader)
  const template = parse(name, uriTemplate)
  const unknown = Object.keys(complete).find((variable) => !template.variableNames.includes(variable))
  if (unknown !== undefined) throw new CatalogError(`Resource template "${name}" has no variable "${unknown}" to complete`)
  return {
    listed: { uriTemplate, ...describe(definition) },
    complete,
    matches: (uri) => template.match(uri) !== null,
    read: async (uri, operation) => {
      const variables = Object.entries(template.match(uri) ?? {}).map(([name, value]): [string, string] => [name, decode(String(value))])
      return toResult(uri, mimeType, await reader(Object.fromEntries(variables), operation, uri))
    }
  }
}

function parse (name: string, uriTemplate: string): UriTemplate {
  try {
    const template = new UriTemplate(uriTemplate)
    if (template.variableNames.length > 0) return template
  } catch (error) {
    throw new CatalogError(`Resource template "${name}" can't be read: ${String(error)}`, { cause: error })
  }
  throw new CatalogError(`Resource template "${name}" needs a variable, as in tickets://{number}`)
}

function describe ({ name, title, description, mimeType }: Described) {
  return {
    name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(mimeType === undefined ? {} : { mimeType })
  }
}

/** A value that isn't encoded right stands for itself. */
function decode (value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

function toResult (uri: string, defaultType: string | undefined, content: unknown): ReadResourceResult | null {
  if (content === null) return null
  if (!isObject(content)) throw new TypeError('A resource must be read as an object with text or blob')
  const { text, blob, mimeType = defaultType } = content
  const common = { uri, ...(typeof mimeType === 'string' ? { mimeType } : {}) }
  if (typeof text === 'string') return { contents: [{ ...common, text }] }
  if (blob instanceof Uint8Array) return { contents: [{ ...common, blob: Buffer.from(blob).toString('base64') }] }
  throw new TypeError('A resource must be read as text, or as a blob of bytes')
}
