import type { Static, TObject } from '@sinclair/typebox'
import type { CallToolResult, ContentBlock, Tool, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import type { Operation } from './operation.ts'

export interface ToolDefinition<Input extends TObject = TObject, Output extends TObject = TObject> {
  /** Letters, digits, `_`, `-`, `.`; at most 128. */
  name: string
  /** Name for people. */
  title?: string
  /** Written for a model: what it does, when to use it, what comes back. */
  description: string
  input: Input
  /** Shape of `structured` in the result. */
  output?: Output
  annotations?: ToolAnnotations
}

/** What a tool handler returns. With `structured` alone, the text is its JSON. */
export interface ToolResult<Structured = Record<string, unknown>> {
  text?: string
  structured?: Structured
  content?: ContentBlock[]
  isError?: boolean
}

export type ToolHandler<Input extends TObject = TObject, Output extends TObject = TObject> =
  (args: Static<Input>, operation: Operation) => Promise<ToolResult<Static<Output>>> | ToolResult<Static<Output>>

interface RegisteredTool {
  listed: Tool
  /** Checks arguments and fills in defaults. */
  checkInput: ValidateFunction
  checkOutput: ValidateFunction | undefined
  call: (args: Record<string, unknown>, operation: Operation) => Promise<CallToolResult>
}

/** A tool can't be registered as it was defined. */
export class CatalogError extends Error {
  readonly code = 'CATALOG_INVALID'

  constructor (message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CatalogError'
  }
}

const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/

/** What the server offers to MCP clients. Schemas are compiled once, lists are built once. */
export class Catalog {
  readonly #ajv = ajvFormats.default(new Ajv2020({ strict: false, useDefaults: true }))
  readonly #tools = new Map<string, RegisteredTool>()
  #toolList: { tools: Tool[] } | undefined

  /**
   * Offers a tool to every client.
   *
   * @param handler gets checked arguments; throw a `ToolError` to tell the model what went wrong
   * @throws {CatalogError} when the name is taken or not allowed, or a schema can't be compiled
   */
  addTool<Input extends TObject, Output extends TObject> (definition: ToolDefinition<Input, Output>, handler: ToolHandler<Input, Output>): void {
    const { name, title, description, input, output, annotations } = definition
    if (!TOOL_NAME.test(name)) throw new CatalogError(`Tool name "${name}" isn't allowed: 1 to 128 letters, digits, "_", "-" or "."`)
    if (this.#tools.has(name)) throw new CatalogError(`A tool named "${name}" is registered already`)
    this.#tools.set(name, {
      listed: {
        name,
        ...(title === undefined ? {} : { title }),
        description,
        inputSchema: input,
        ...(output === undefined ? {} : { outputSchema: output }),
        ...(annotations === undefined ? {} : { annotations })
      },
      checkInput: this.#compile(name, input),
      checkOutput: output === undefined ? undefined : this.#compile(name, output),
      // The arguments have passed `checkInput`, which was compiled from the schema that `Static<Input>` is derived from.
      call: async (args, operation) => toCallToolResult(await handler(args as Static<Input>, operation))
    })
    this.#toolList = undefined
  }

  tool (name: string): RegisteredTool | undefined {
    return this.#tools.get(name)
  }

  get toolNames (): string[] {
    return [...this.#tools.keys()]
  }

  listTools (): { tools: Tool[] } {
    this.#toolList ??= { tools: [...this.#tools.values()].map(({ listed }) => listed) }
    return this.#toolList
  }

  /** Names the first argument that is wrong and how, without repeating its value. */
  describeFaults (check: ValidateFunction): string {
    return this.#ajv.errorsText(check.errors, { dataVar: 'arguments', separator: '; ' })
  }

  #compile (name: string, schema: TObject): ValidateFunction {
    try {
      return this.#ajv.compile(schema)
    } catch (error) {
      throw new CatalogError(`A schema of tool "${name}" can't be compiled: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
}

function toCallToolResult ({ text, structured, content = [], isError }: ToolResult): CallToolResult {
  const words = text ?? (structured !== undefined && content.length === 0 ? JSON.stringify(structured) : undefined)
  return {
    content: words === undefined ? content : [...content, { type: 'text', text: words }],
    ...(structured === undefined ? {} : { structuredContent: structured }),
    ...(isError === undefined ? {} : { isError })
  }
}
