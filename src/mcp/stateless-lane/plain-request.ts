import {
  CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, classifyInboundRequest, LOG_LEVEL_META_KEY, PROTOCOL_VERSION_META_KEY
} from '@modelcontextprotocol/server'
import { LRUCache } from 'lru-cache'
import { header, type HttpRequest } from '../http.ts'
import { isObject, isStringOrInteger, type RequestId } from '../json-rpc.ts'

/** A request in which there is nothing to doubt. */
export interface PlainRequest {
  id: RequestId
  method: string
  /** Without what its client says about itself. */
  params: Record<string, unknown>
  /** What its client says about itself. */
  envelope: Record<string, unknown>
}

const REVISION = '2026-07-28'

const ENVELOPE_KEYS = [PROTOCOL_VERSION_META_KEY, CLIENT_INFO_META_KEY, CLIENT_CAPABILITIES_META_KEY, LOG_LEVEL_META_KEY]
/** What else a client may put beside a request's params: which it is, for progress, and of which trace it's a part. */
const TRACE_KEYS = ['traceparent', 'tracestate', 'baggage']

type Fits = (value: unknown) => boolean
const isString: Fits = (value) => typeof value === 'string'
const isMissingOr = (fits: Fits): Fits => (value) => value === undefined || fits(value)
const LIST: Record<string, Fits> = { cursor: isMissingOr(isString) }

/** What may be in the params, by method. */
const PARAMS: ReadonlyMap<unknown, Record<string, Fits>> = new Map([
  ['tools/call', { name: isString, arguments: isMissingOr(isObject) }],
  ['tools/list', LIST],
  ['prompts/list', LIST],
  ['resources/list', LIST],
  ['resources/templates/list', LIST],
  ['resources/read', { uri: isString }]
])

/** What a header repeats, by method. */
const NAMES: Readonly<Record<string, string>> = { 'tools/call': 'name', 'resources/read': 'uri' }

/** A client says the same about itself with each request, of which there are few. */
const LIMITS = { clients: 1000, characters: 4096 }

/**
 * Knows the requests of the stateless revision that need no second look: as clients send them from day to day, with headers that say
 * the same. What a client says about itself is looked at by the SDK, once; whatever is unusual is left to the SDK altogether.
 */
export class PlainRequests {
  /** What clients have said about themselves that the SDK found sound. */
  readonly #sound = new LRUCache<string, true>({ max: LIMITS.clients })

  /** @returns `undefined` for what the SDK must look at */
  read ({ headers, body }: Pick<HttpRequest, 'headers' | 'body'>): PlainRequest | undefined {
    if (header(headers, 'mcp-protocol-version') !== REVISION) return undefined
    if (!isObject(body) || Object.keys(body).length !== 4 || body['jsonrpc'] !== '2.0') return undefined
    const { id, method, params } = body
    const shape = PARAMS.get(method)
    if (shape === undefined || typeof method !== 'string' || !isStringOrInteger(id) || !isObject(params)) return undefined
    const { _meta: meta, ...said } = params
    if (!isObject(meta) || meta[PROTOCOL_VERSION_META_KEY] !== REVISION) return undefined
    if (header(headers, 'mcp-method') !== method) return undefined
    const named = NAMES[method]
    if (named !== undefined && !isSame(header(headers, 'mcp-name'), said[named])) return undefined
    for (const key in said) if (!Object.hasOwn(shape, key)) return undefined
    for (const key in shape) if (shape[key]?.(said[key]) !== true) return undefined
    const { envelope, rest } = split(meta)
    if (!hasPlainRest(rest) || !this.#isSound(envelope, body, method)) return undefined
    return { id, method, params: rest === undefined ? said : { ...said, _meta: rest }, envelope }
  }

  #isSound (envelope: Record<string, unknown>, body: unknown, method: string): boolean {
    const words = JSON.stringify(envelope)
    if (this.#sound.has(words)) return true
    if (words.length > LIMITS.characters) return false
    const { kind } = classifyInboundRequest({ httpMethod: 'POST', body, protocolVersionHeader: REVISION, mcpMethodHeader: method })
    if (kind === 'modern') this.#sound.set(words, true)
    return kind === 'modern'
  }
}

/** A name that doesn't fit into a header as it is comes encoded, with a mark in front. */
function isSame (word: string | undefined, name: unknown): boolean {
  return word !== undefined && word === name && !word.startsWith('=?')
}

function split (meta: Record<string, unknown>): { envelope: Record<string, unknown>, rest: Record<string, unknown> | undefined } {
  const envelope: Record<string, unknown> = {}
  let rest: Record<string, unknown> | undefined
  for (const key in meta) {
    if (ENVELOPE_KEYS.includes(key)) envelope[key] = meta[key]
    else (rest ??= {})[key] = meta[key]
  }
  return { envelope, rest }
}

function hasPlainRest (rest: Record<string, unknown> = {}): boolean {
  for (const key in rest) {
    if (key === 'progressToken' ? !isStringOrInteger(rest[key]) : !TRACE_KEYS.includes(key) || typeof rest[key] !== 'string') return false
  }
  return true
}
