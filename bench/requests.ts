import { CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server'
import type { Load } from './load.ts'

const TEXT = 'hello world'
const SESSION_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const HEADERS = { 'content-type': ['application/json'], accept: ['application/json, text/event-stream'] }
const CLIENT = { name: 'bench', version: '1.0.0' }
/** `params` of its initialize. */
export const INITIALIZE = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT }

/** Calls of a tool in so many sessions, one after the other. */
export async function createSessionLoad (address: string, count: number): Promise<Load> {
  const sessions = await Promise.all(Array.from({ length: count }, async () => openSession(address)))
  return { body: callWith({}), headers: { ...HEADERS, 'mcp-protocol-version': ['2025-11-25'], 'mcp-session-id': sessions } }
}

/** The same call, with all that is to be said about the client in it. */
export function createStatelessLoad (): Load {
  return {
    body: callWith({ _meta: { [PROTOCOL_VERSION_META_KEY]: '2026-07-28', [CLIENT_INFO_META_KEY]: CLIENT, [CLIENT_CAPABILITIES_META_KEY]: {} } }),
    headers: { ...HEADERS, 'mcp-protocol-version': ['2026-07-28'], 'mcp-method': ['tools/call'], 'mcp-name': ['echo'] }
  }
}

/** Sends one request of a load, and throws unless it's answered right. */
export async function check (address: string, { body, headers }: Load): Promise<void> {
  const text = await (await post(address, body.replace('%d', '0'), Object.fromEntries(Object.entries(headers).map(([name, [value]]) => [name, value ?? ''])))).text()
  if (!text.includes(`"text":"${TEXT}"`) || text.includes('isError')) throw new Error(`${address} answered: ${text}`)
}

function callWith (more: Record<string, unknown>): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'tools/call', params: { name: 'echo', arguments: { text: TEXT }, ...more } }).replace('"id":0', '"id":%d')
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
