import type { ServerResult } from '@modelcontextprotocol/sdk/types.js'
import { callTool } from './call-tool.ts'
import type { Catalog } from './catalog.ts'
import { toCompletion, type Complete } from './catalog/completion.ts'
import type { Page, Registry } from './catalog/registry.ts'
import { describeFaults } from './catalog/schema.ts'
import type { Explain, Observed } from './dispatch.ts'
import { ErrorCode, isObject, ProtocolError } from './json-rpc.ts'
import { LOGGING_LEVELS, ToolError, type SessionOperation } from './operation.ts'
import { prepare } from './prepared.ts'

/** Subscriptions are kept for as long as their session lives. */
const URI_LIMIT_CHARACTERS = 8192

/** Answers one kind of request. What it finds out for whoever watches goes into `observed`. */
export type Method = (params: Record<string, unknown>, operation: SessionOperation, observed: Observed) => Promise<ServerResult>

/** Every request of a client that the catalog or its session answers, by method. */
export function createMethods (catalog: Catalog, explain: Explain): ReadonlyMap<string, Method> {
  return new Map<string, Method>([
    ['ping', async () => ({})],
    ['logging/setLevel', setLogLevel],
    ['tools/list', list(catalog.tools, ({ items: tools, ...next }) => ({ tools, ...next }))],
    ['tools/call', (params, operation, observed) => callTool(catalog, explain, params, operation, observed)],
    ['resources/list', list(catalog.resources, ({ items: resources, ...next }) => ({ resources, ...next }))],
    ['resources/templates/list', list(catalog.templates, ({ items: resourceTemplates, ...next }) => ({ resourceTemplates, ...next }))],
    ['resources/read', readResource],
    ['resources/subscribe', async (params, operation) => subscribe(params, operation, true)],
    ['resources/unsubscribe', async (params, operation) => subscribe(params, operation, false)],
    ['prompts/list', list(catalog.prompts, ({ items: prompts, ...next }) => ({ prompts, ...next }))],
    ['prompts/get', getPrompt],
    ['completion/complete', complete],
    ['tasks/get', async ({ taskId }, operation) => operation.getTask(requireTaskId(taskId))],
    ['tasks/cancel', async ({ taskId }, operation) => operation.cancelTask(requireTaskId(taskId))]
  ])

  async function readResource ({ uri }: Record<string, unknown>, operation: SessionOperation, observed: Observed): Promise<ServerResult> {
    requireUri('resources/read', uri)
    const resource = catalog.resources.get(uri) ?? catalog.templates.find(({ matches }) => matches(uri))
    const result = await sayingWhy(observed, async () => await resource?.read(uri, operation))
    if (result === undefined || result === null) throw new ProtocolError(ErrorCode.ResourceNotFound, 'Resource not found', { uri })
    return result
  }

  async function getPrompt ({ name, arguments: args = {} }: Record<string, unknown>, operation: SessionOperation, observed: Observed): Promise<ServerResult> {
    if (typeof name !== 'string') throw invalid('prompts/get needs the name of a prompt')
    if (!isObject(args)) throw invalid('The arguments of prompts/get must be an object')
    const prompt = catalog.prompts.get(name)
    if (prompt === undefined) throw invalid(`Unknown prompt: ${name.slice(0, 128)}`)
    if (!prompt.checkInput(args)) throw invalid(`Invalid arguments for ${name}: ${describeFaults(prompt.checkInput)}`)
    return sayingWhy(observed, () => prompt.get(args, operation))
  }

  async function complete ({ ref, argument, context }: Record<string, unknown>, operation: SessionOperation, observed: Observed): Promise<ServerResult> {
    if (!isObject(ref) || !isObject(argument) || typeof argument['name'] !== 'string' || typeof argument['value'] !== 'string') {
      throw invalid('completion/complete needs a ref and an argument with name and value')
    }
    const suggesters = completers(ref)
    // `constructor` isn't an argument that somebody named.
    const suggest = Object.hasOwn(suggesters, argument['name']) ? suggesters[argument['name']] : undefined
    if (suggest === undefined) return toCompletion([])
    const typed = argument['value']
    const others = isObject(context) && isObject(context['arguments']) ? context['arguments'] : {}
    const words = Object.entries(others).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    return toCompletion(await sayingWhy(observed, async () => await suggest(typed, operation, Object.fromEntries(words))))
  }

  function completers ({ type, name, uri }: Record<string, unknown>): Readonly<Record<string, Complete | undefined>> {
    const owner = type === 'ref/prompt' ? catalog.prompts.get(String(name)) : type === 'ref/resource' ? catalog.templates.get(String(uri)) : undefined
    if (owner !== undefined) return owner.complete
    if (type === 'ref/resource' && catalog.resources.get(String(uri)) !== undefined) return {}
    throw invalid('completion/complete needs a ref to a prompt or a resource template that exists')
  }

  /** An error for people becomes one that they see; one of a layer below is explained as it is for tools, and is no fault of ours either. */
  async function sayingWhy<Result> (observed: Observed, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof ToolError) throw invalid(error.message, error.structured)
      const explanation = explain(error)
      if (explanation === null) throw error
      observed.details = explanation.details
      throw new ProtocolError(ErrorCode.Refused, explanation.message)
    }
  }
}

/** Lists what is registered. A page is written down once, however many clients read it. */
function list<Item extends { readonly listed: unknown }> (registry: Registry<Item>, toResult: (page: Page<Item['listed']>) => ServerResult): Method {
  const results = new WeakMap<Page<Item['listed']>, ServerResult>()
  return async ({ cursor }) => {
    const page = registry.page(cursor)
    const result = results.get(page) ?? prepare(toResult(page))
    results.set(page, result)
    return result
  }
}

async function setLogLevel (params: Record<string, unknown>, operation: SessionOperation): Promise<ServerResult> {
  const level = LOGGING_LEVELS.find((known) => known === params['level'])
  if (level === undefined) throw invalid(`logging/setLevel needs a level: ${LOGGING_LEVELS.join(', ')}`)
  await operation.setLogLevel(level)
  return {}
}

async function subscribe ({ uri }: Record<string, unknown>, operation: SessionOperation, wanted: boolean): Promise<ServerResult> {
  requireUri('A subscription', uri)
  await operation.subscribe(uri, wanted)
  return {}
}

function requireTaskId (taskId: unknown): string {
  if (typeof taskId !== 'string') throw invalid('A request about a task needs its taskId')
  return taskId
}

function requireUri (who: string, uri: unknown): asserts uri is string {
  if (typeof uri !== 'string' || uri.length > URI_LIMIT_CHARACTERS) throw invalid(`${who} needs the uri of a resource, of at most ${URI_LIMIT_CHARACTERS} characters`)
}

function invalid (message: string, data?: Record<string, unknown>): ProtocolError {
  return new ProtocolError(ErrorCode.InvalidParams, message, data)
}
