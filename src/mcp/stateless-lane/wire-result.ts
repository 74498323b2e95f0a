import { SERVER_INFO_META_KEY, type CacheHint, type Implementation } from '@modelcontextprotocol/server'
import { isObject } from '../json-rpc.ts'
import { prepare, preparedJson } from '../prepared.ts'

/** How long a client may keep what it read: there are notices of changes for those who want to know sooner. */
export const CACHE_HINT = { ttlMs: 60_000, cacheScope: 'private' } as const

/** Unless its reader says more, a resource may be read anew each time. */
const NO_CACHE_HINT = { ttlMs: 0, cacheScope: 'private' } as const

/** What of the results says how long they may be kept. */
export const CACHE_HINTS = {
  'tools/list': CACHE_HINT,
  'prompts/list': CACHE_HINT,
  'resources/list': CACHE_HINT,
  'resources/templates/list': CACHE_HINT,
  'resources/read': NO_CACHE_HINT
} as const

const hints: ReadonlyMap<string, CacheHint> = new Map(Object.entries(CACHE_HINTS))

/** Of results that are the same for everybody. */
const translations = new WeakMap<object, Record<string, unknown>>()

/**
 * A result in the words of this revision: that it's complete, how long it may be kept, and who says it. Tools say nothing of tasks here.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic#results
 */
export function toWireResult (method: string, result: Record<string, unknown>, serverInfo: Implementation): Record<string, unknown> {
  if (preparedJson(result) === undefined) return translate(method, result, serverInfo)
  const translated = translations.get(result) ?? prepare(translate(method, result, serverInfo))
  translations.set(result, translated)
  return translated
}

function translate (method: string, result: Record<string, unknown>, serverInfo: Implementation): Record<string, unknown> {
  const { _meta: meta, resultType = 'complete' } = result
  return {
    ...(resultType === 'complete' ? hints.get(method) : {}),
    ...result,
    ...(method === 'tools/list' ? { tools: withoutExecution(result['tools']) } : {}),
    resultType,
    _meta: isObject(meta) ? { [SERVER_INFO_META_KEY]: serverInfo, ...meta } : { [SERVER_INFO_META_KEY]: serverInfo }
  }
}

function withoutExecution (tools: unknown): unknown {
  return Array.isArray(tools) ? tools.map(({ execution: _execution, ...tool }: Record<string, unknown>) => tool) : tools
}
