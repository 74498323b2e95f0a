import { CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server'
import type { Load } from './load.ts'

const TEXT = 'hello world'
const HEADERS = { 'content-type': ['application/json'], accept: ['application/json, text/event-stream'] }
const CLIENT = { name: 'bench', version: '1.0.0' }

/** Calls of a tool in so many sessions, one after the other. */
export async function createSessionLoad (address: string, count: number): Promise<Load> {
  const sessions = await Promise.all(Array.from({ length: count }, async () => open(address)))
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

async function open (address: string): Promise<string> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const initialize = { jsonrpc: '2.0', id: 'open', method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT } }
  const response = await post(address, JSON.stringify(initialize), headers)
  await response.text()
  const id = response.headers.get('mcp-session-id')
  if (id === null) throw new Error(`${address} opened no session`)
  await (await post(address, JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }), { ...headers, 'mcp-session-id': id })).text()
  return id
}

async function post (address: string, body: string, headers: Record<string, string>): Promise<Response> {
  return fetch(`${address}/mcp`, { method: 'POST', headers, body })
}
