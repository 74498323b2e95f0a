import {
  CreateMessageResultSchema, ElicitResultSchema, ListRootsResultSchema,
  type CreateMessageRequest, type CreateMessageResult, type ElicitRequest, type ElicitResult, type ListRootsRequest, type ListRootsResult
} from '@modelcontextprotocol/sdk/types.js'
import { fits } from './catalog/schema.ts'
import { isObject, requireJson } from './json-rpc.ts'
import { ToolError, type ClientCapabilities } from './operation.ts'

/** What a handler may ask of the client: a person's input, its model, or its folders. */
export type InputRequest =
  | Pick<ElicitRequest, 'method' | 'params'>
  | Pick<CreateMessageRequest, 'method' | 'params'>
  | Pick<ListRootsRequest, 'method' | 'params'>

interface InputResponses {
  'elicitation/create': ElicitResult
  'sampling/createMessage': CreateMessageResult
  'roots/list': ListRootsResult
}

export type InputResponse<Request extends InputRequest = InputRequest> = InputResponses[Request['method']]

/** The shape of each answer. */
export const INPUT_RESPONSE_SCHEMAS = {
  'elicitation/create': ElicitResultSchema,
  'sampling/createMessage': CreateMessageResultSchema,
  'roots/list': ListRootsResultSchema
} as const

/** What a client must be able to do to be asked: a capability, and what of it. */
function neededFor (request: InputRequest): [keyof ClientCapabilities, Record<string, object>] {
  switch (request.method) {
    case 'elicitation/create':
      return ['elicitation', request.params.mode === 'url' ? { url: {} } : { form: {} }]
    case 'sampling/createMessage':
      return ['sampling', request.params.tools === undefined ? {} : { tools: {} }]
    default:
      return ['roots', {}]
  }
}

/** The client can't do what a handler needs of it. */
export class MissingCapability extends ToolError {
  readonly required: ClientCapabilities

  constructor (required: ClientCapabilities) {
    const names = Object.entries(required).flatMap(([name, parts]) => namesOf(name, Object.keys(Object(parts))))
    super(`This needs a client with the capability ${names.join(', ')}, which yours doesn't have`)
    this.name = 'MissingCapability'
    this.required = required
  }
}

function namesOf (name: string, parts: readonly string[]): string[] {
  return parts.length === 0 ? [name] : parts.map((part) => `${name}.${part}`)
}

/** @throws {MissingCapability} */
export function requireCapabilities (available: ClientCapabilities, required: ClientCapabilities): void {
  const missing = missingOf(available, required)
  if (missing.length > 0) throw new MissingCapability(Object.fromEntries(missing))
}

export function hasCapabilities (available: ClientCapabilities, required: ClientCapabilities): boolean {
  return missingOf(available, required).length === 0
}

function missingOf (available: ClientCapabilities, required: ClientCapabilities): Array<[string, unknown]> {
  return Object.entries(required).filter(([name, parts]) => !Object.hasOwn(available, name) || !hasAll(partsOf(available, name), Object(parts)))
}

/** A client that says no more than `elicitation` can show forms, as in the revisions that knew nothing else. */
function partsOf (available: ClientCapabilities, name: string): object {
  const parts: object = Object(Object.entries(available).find(([known]) => known === name)?.[1])
  return name === 'elicitation' && Object.keys(parts).length === 0 ? { form: {} } : parts
}

function hasAll (parts: object, wanted: object): boolean {
  return Object.keys(wanted).every((part) => Object.hasOwn(parts, part))
}

/**
 * @throws {MissingCapability}
 * @throws {TypeError} when a request can't be written as JSON: it would never reach the client
 */
export function requireAnswerable (available: ClientCapabilities, requests: InputRequest[]): void {
  requireJson(requests)
  const needed: Record<string, Record<string, object>> = {}
  for (const [name, parts] of requests.map(neededFor)) needed[name] = { ...needed[name], ...parts }
  requireCapabilities(available, needed)
}

/** Whether a client's words, which nobody has checked, are an answer to this request. */
export function isAnswer<Request extends InputRequest> (request: Request, answer: unknown): answer is InputResponse<Request> {
  if (!INPUT_RESPONSE_SCHEMAS[request.method].safeParse(answer).success) return false
  if (request.method !== 'elicitation/create' || !('requestedSchema' in request.params)) return true
  return isObject(answer) && (answer['action'] !== 'accept' || fits({ ...request.params.requestedSchema }, answer['content'] ?? {}))
}

/** Puts answers, which have the order of their questions, under the questions' keys. */
export function answersOf<Requests extends Record<string, InputRequest>> (requests: Requests, answers: readonly InputResponse[]): { [Key in keyof Requests]: InputResponse<Requests[Key]> } {
  // Each answer was checked against its own question.
  return Object.fromEntries(Object.keys(requests).map((key, index) => [key, answers[index]])) as { [Key in keyof Requests]: InputResponse<Requests[Key]> }
}
