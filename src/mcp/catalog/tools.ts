import type { Static, TObject, TSchema } from '@sinclair/typebox'
import { ContentBlockSchema, type CallToolResult, type ContentBlock, type Tool, type ToolAnnotations } from '@modelcontextprotocol/sdk/types.js'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { isObject, requireJson } from '../json-rpc.ts'
import type { Operation } from '../operation.ts'
import { CatalogError, compile, requireFunction } from './schema.ts'

export interface ToolDefinition<Input extends TSchema = TObject, Output extends TSchema = TObject> {
  /** Letters, digits, `_`, `-`, `.`; at most 128. */
  name: string
  /** Name for people. */
  title?: string
  /** Written for a model: what it does, when to use it, what comes back. */
  description: string
  /** An object; `Type.Unsafe` takes plain JSON Schema. */
  input: Input
  /** Shape of `structured` in the result. */
  output?: Output
  annotations?: ToolAnnotations
  /** Metrics count it under this name, with others of its kind; by default under its own. For tools that come and go. */
  group?: string
  /** It usually takes longer than clients and proxies bear in silence: its reply is an event stream from the first moment. */
  longRunning?: boolean
  /**
   * When the process dies in the middle of a call, another one may run the handler again, from its beginning: it has no effect but
   * within `once`. By default only tools whose annotations say `readOnlyHint` or `idempotentHint`.
   */
  replayable?: boolean
}

/** What a tool handler returns. With `structured` alone, the text is its JSON. */
export interface ToolResult<Structured = Record<string, unknown>> {
  text?: string
  structured?: Structured
  content?: ContentBlock[]
  isError?: boolean
}

export type ToolHandler<Input extends TSchema = TObject, Output extends TSchema = TObject> =
  (args: Static<Input>, operation: Operation) => Promise<ToolResult<Static<Output>>> | ToolResult<Static<Output>>

export interface RegisteredTool {
  readonly listed: Tool
  readonly group: string
  readonly isLongRunning: boolean
  readonly isReplayable: boolean
  /** Checks arguments and fills in defaults. */
  readonly checkInput: ValidateFunction
  readonly checkOutput: ValidateFunction | undefined
  /** @throws {TypeError} when the handler returns something that is no result of a tool */
  readonly call: (args: Record<string, unknown>, operation: Operation) => Promise<CallToolResult>
}

const CONTENT = ContentBlockSchema.array()

const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/

/** @throws {CatalogError} when the name isn't allowed or a schema can't be compiled */
export function createTool<Input extends TSchema, Output extends TSchema> (definition: ToolDefinition<Input, Output>, handler: ToolHandler<Input, Output>): RegisteredTool {
  const { name, title, description, input, output, annotations, group = name, longRunning = false, replayable } = definition
  requireFunction(`Tool "${name}" needs a handler`, handler)
  if (!TOOL_NAME.test(name)) throw new CatalogError(`Tool name "${name}" isn't allowed: 1 to 128 letters, digits, "_", "-" or "."`)
  return {
    listed: {
      name,
      ...(title === undefined ? {} : { title }),
      description,
      inputSchema: asObject(name, input),
      ...(output === undefined ? {} : { outputSchema: asObject(name, output) }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(longRunning ? { execution: { taskSupport: 'optional' } } : {})
    },
    group,
    isLongRunning: longRunning,
    isReplayable: replayable ?? (annotations?.readOnlyHint === true || annotations?.idempotentHint === true),
    checkInput: compile(`tool "${name}"`, input),
    checkOutput: output === undefined ? undefined : compile(`tool "${name}"`, output),
    // The arguments have passed `checkInput`, which was compiled from the schema that `Static<Input>` is derived from.
    call: async (args, operation) => toCallToolResult(await handler(args as Static<Input>, operation))
  }
}

function asObject (name: string, schema: TSchema): Tool['inputSchema'] {
  if (!isObject(schema) || schema['type'] !== 'object') throw new CatalogError(`The input and output of tool "${name}" must be objects: their schemas need "type": "object"`)
  return { ...schema, type: 'object' }
}

/** Authors in JavaScript, or with a cast, return what they like. */
function toCallToolResult (result: unknown): CallToolResult {
  if (!isObject(result)) throw new TypeError('A tool must return an object with text, structured or content')
  const { text, structured, content, isError } = result
  if (text !== undefined && typeof text !== 'string') throw new TypeError('The text of a tool\'s result must be a string')
  if (structured !== undefined && !isObject(structured)) throw new TypeError('The structured result of a tool must be an object')
  if (isError !== undefined && typeof isError !== 'boolean') throw new TypeError('isError of a tool\'s result must be true or false')
  const blocks = content === undefined ? [] : toBlocks(content)
  // Throws, too, when it can't be written.
  const json = structured === undefined ? undefined : JSON.stringify(structured)
  const words = text ?? (blocks.length === 0 ? json : undefined)
  return {
    content: words === undefined ? blocks : [...blocks, { type: 'text', text: words }],
    ...(structured === undefined ? {} : { structuredContent: structured }),
    ...(isError === undefined ? {} : { isError })
  }
}

function toBlocks (content: unknown): ContentBlock[] {
  const blocks = CONTENT.safeParse(content)
  if (!blocks.success) throw new TypeError('The content of a tool\'s result must be a list of MCP\'s content blocks')
  return requireJson(blocks.data)
}
