import { CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server'
import { createParser } from 'eventsource-parser'
import { isObject } from '../src/mcp/json-rpc.ts'
import type { Load } from './load.ts'

export const SESSION_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const CLIENT = { name: 'bench', version: '1.0.0' }
/** `params` of its initialize. */
export const INITIALIZE = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT }
const STATELESS_META = { [PROTOCOL_VERSION_META_KEY]: '2026-07-28', [CLIENT_INFO_META_KEY]: CLIENT, [CLIENT_CAPABILITIES_META_KEY]: {} }

/** Of the revisions with sessions, or of the one without. */
export type Lane = 'session' | 'stateless'

/** What is asked, and how a right answer is known. */
export interface Question {
  method: string
  params: Record<string, unknown>
  /** @param results one, or those of all pages */
  isRight: (results: ReadonlyArray<Record<string, unknown>>) => boolean
}

/**
 * Asks once, with so many sessions to take turns afterwards if there are any, and reads on while there are more pages.
 *
 * @returns the load that asks the same again and again, a page at a time
 * @throws {Error} when the answer isn't right
 */
export async function prepareLoad (address: string, lane: Lane, question: Question, sessions: number): Promise<Load> {
  const ids = lane === 'session' ? await Promise.all(Array.from({ length: sessions }, async () => openSession(address))) : []
  const headers = headersOf(lane, question, ids)
  const pages = await ask(address, lane, question, headers)
  return { bodies: pages.map(({ cursor }) => bodyOf(lane, question, cursor)), headers }
}

/**
 * Whether a server still answers right.
 *
 * @throws {Error} when it doesn't
 */
export async function checkAgain (address: string, lane: Lane, question: Question, { headers }: Load): Promise<void> {
  await ask(address, lane, question, headers)
}

async function ask (address: string, lane: Lane, question: Question, headers: Load['headers']): Promise<Array<{ cursor: unknown, result: Record<string, unknown> }>> {
  const pages: Array<{ cursor: unknown, result: Record<string, unknown> }> = []
  let cursor: unknown
  do {
    const response = await post(address, bodyOf(lane, question, cursor).replace('%d', '0'), Object.fromEntries(Object.entries(headers).map(([name, [value]]) => [name, value ?? ''])))
    const text = await response.text()
    const { result } = parseAnswer(text)
    if (response.status !== 200 || !isObject(result)) throw new Error(`${address} answered ${question.method} with ${response.status}: ${text.slice(0, 500)}`)
    pages.push({ cursor, result })
    cursor = result['nextCursor']
  } while (cursor !== undefined)
  if (!question.isRight(pages.map(({ result }) => result))) throw new Error(`${address} answered ${question.method} wrong: ${JSON.stringify(pages[0]?.result).slice(0, 500)}`)
  return pages
}

function headersOf (lane: Lane, { method, params }: Question, sessions: string[]): Load['headers'] {
  const headers = Object.fromEntries(Object.entries(SESSION_HEADERS).map(([name, value]) => [name, [value]]))
  if (lane === 'session') return { ...headers, 'mcp-protocol-version': ['2025-11-25'], 'mcp-session-id': sessions }
  return { ...headers, 'mcp-protocol-version': ['2026-07-28'], 'mcp-method': [method], ...typeof params['name'] === 'string' ? { 'mcp-name': [params['name']] } : {} }
}

function bodyOf (lane: Lane, { method, params }: Question, cursor: unknown): string {
  const page = cursor === undefined ? {} : { cursor }
  const meta = lane === 'stateless' ? { _meta: STATELESS_META } : {}
  return JSON.stringify({ jsonrpc: '2.0', id: 0, method, params: { ...params, ...page, ...meta } }).replace('"id":0', '"id":%d')
}

/** The last message of an answer, which may be an event stream. */
export function parseAnswer (text: string): Record<string, unknown> {
  if (text.startsWith('{')) return Object(JSON.parse(text)) as Record<string, unknown>
  const messages: string[] = []
  createParser({ onEvent: ({ data }) => { if (data !== '') messages.push(data) } }).feed(text)
  return Object(JSON.parse(messages.at(-1) ?? '{}')) as Record<string, unknown>
}

/** Resolves to its id. */
export async function openSession (address: string): Promise<string> {
  const initialize = { jsonrpc: '2.0', id: 'open', method: 'initialize', params: INITIALIZE }
  const response = await post(address, JSON.stringify(initialize), SESSION_HEADERS)
  await response.text()
  const id = response.headers.get('mcp-session-id')
  if (id === null) throw new Error(`${address} opened no session`)
  await (await post(address, JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }), { ...SESSION_HEADERS, 'mcp-session-id': id })).text()
  return id
}

export async function endSession (address: string, session: string): Promise<void> {
  const { status } = await fetch(`${address}/mcp`, { method: 'DELETE', headers: { 'mcp-session-id': session } })
  if (status !== 200) throw new Error(`${address} ended no session: ${status}`)
}

/** Resolves as soon as the head of the answer is there, which may be an event stream. */
export async function callTool (address: string, session: string, id: number, name: string, args: Record<string, unknown>, signal?: AbortSignal): Promise<Response> {
  const call = { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args, _meta: { progressToken: id } } }
  return post(address, JSON.stringify(call), { ...SESSION_HEADERS, 'mcp-session-id': session }, signal)
}

/** Goes on with a stream after the event with this id. */
export async function resume (address: string, session: string, eventId: string): Promise<Response> {
  return fetch(`${address}/mcp`, { headers: { accept: 'text/event-stream', 'mcp-session-id': session, 'last-event-id': eventId } })
}

async function post (address: string, body: string, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
  return fetch(`${address}/mcp`, { method: 'POST', headers, body, ...(signal === undefined ? {} : { signal }) })
}
