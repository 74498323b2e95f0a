import { Type, type Static, type TObject, type TProperties } from '@sinclair/typebox'
import { PromptMessageSchema, type GetPromptResult, type Prompt, type PromptMessage } from '@modelcontextprotocol/sdk/types.js'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { isObject, requireJson } from '../json-rpc.ts'
import type { Operation } from '../operation.ts'
import type { Complete } from './completion.ts'
import { CatalogError, compile, requireFunction } from './schema.ts'

export interface PromptDefinition<Input extends TObject = TObject> {
  name: string
  /** Name for people. */
  title?: string
  description?: string
  /** Its properties are the arguments, all of them strings. */
  input?: Input
  /** Suggests values of arguments while a person types. */
  complete?: { [Argument in keyof Static<Input>]?: Complete }
}

/** A text is one message of the user. */
export type PromptResult = string | { description?: string, messages: PromptMessage[] }

export type PromptHandler<Input extends TObject = TObject> =
  (args: Static<Input>, operation: Operation) => Promise<PromptResult> | PromptResult

export interface RegisteredPrompt {
  readonly listed: Prompt
  readonly checkInput: ValidateFunction
  readonly complete: Readonly<Record<string, Complete | undefined>>
  /** @throws {TypeError} when the handler returns something that is no prompt */
  readonly get: (args: Record<string, unknown>, operation: Operation) => Promise<GetPromptResult>
}

/** @throws {CatalogError} when an argument isn't a string, or the schema can't be compiled */
export function createPrompt<Input extends TObject> (definition: PromptDefinition<Input>, handler: PromptHandler<Input>): RegisteredPrompt {
  const { name, title, description, input, complete = {} } = definition
  requireFunction(`Prompt "${name}" needs a handler`, handler)
  if (name === '') throw new CatalogError('A prompt needs a name')
  const properties: TProperties = input?.properties ?? {}
  const odd = Object.entries(properties).find(([, schema]) => schema['type'] !== 'string')?.[0]
  if (odd !== undefined) throw new CatalogError(`Argument "${odd}" of prompt "${name}" must be a string: prompts know no other type`)
  const unknown = Object.keys(complete).find((argument) => !Object.hasOwn(properties, argument))
  if (unknown !== undefined) throw new CatalogError(`Prompt "${name}" has no argument "${unknown}" to complete`)
  const required = input?.required ?? []
  return {
    listed: {
      name,
      ...(title === undefined ? {} : { title }),
      ...(description === undefined ? {} : { description }),
      ...(input === undefined
        ? {}
        : {
            arguments: Object.entries(properties).map(([argument, { description }]) => ({
              name: argument, ...(description === undefined ? {} : { description }), required: required.includes(argument)
            }))
          })
    },
    checkInput: compile(`prompt "${name}"`, input ?? Type.Object({})),
    complete,
    // The arguments have passed `checkInput`, which was compiled from the schema that `Static<Input>` is derived from.
    get: async (args, operation) => toGetPromptResult(await handler(args as Static<Input>, operation))
  }
}

function toGetPromptResult (result: unknown): GetPromptResult {
  if (typeof result === 'string') return { messages: [{ role: 'user', content: { type: 'text', text: result } }] }
  if (!isObject(result)) throw new TypeError('A prompt must be a text, or an object with messages')
  const { description, messages } = result
  const parsed = PromptMessageSchema.array().safeParse(messages)
  if (!parsed.success || (description !== undefined && typeof description !== 'string')) throw new TypeError('A prompt must have a list of MCP\'s messages')
  requireJson(parsed.data)
  return { ...(description === undefined ? {} : { description }), messages: parsed.data }
}
