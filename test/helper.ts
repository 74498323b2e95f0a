import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport, type StreamableHTTPClientTransportOptions } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import { loadConfig } from '../src/config.ts'
import { createEmulator, type EmulatorOptions } from '../src/emulator/app.ts'
import { createService } from '../src/service.ts'

export const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

/** What closes when it's over: a test, or a program that isn't one. */
export type Scope = Pick<Test, 'teardown'>

export interface RunningEmulator {
  emulator: FastifyInstance
  /** What makes the service use it. */
  environment: Record<string, string>
}

export interface RunningService {
  service: FastifyInstance
  address: string
  /** Every line that was logged. */
  logLines: string[]
}

/** An emulated Dust workspace that listens until the test ends. */
export async function startEmulator (t: Scope, options: EmulatorOptions = {}): Promise<RunningEmulator> {
  const emulator = createEmulator({ pace: 0, ...options })
  t.teardown(() => emulator.close())
  const { apiKey, workspaceId } = emulator.emulator.settings
  const address = await emulator.listen({ port: 0, host: '127.0.0.1' })
  return { emulator, environment: { DUST_BASE_URL: address, DUST_API_KEY: apiKey, DUST_WORKSPACE_ID: workspaceId } }
}

/** The service that listens until the test ends, without the tools of single agents unless it's told otherwise. `extend` may register more plugins before. */
export async function startService (t: Scope, environment: Record<string, string>, extend?: (service: FastifyInstance) => unknown): Promise<RunningService> {
  const logLines: string[] = []
  const config = loadConfig({ STORE_URL: 'sqlite::memory:', DRAIN_TIMEOUT: '0s', DUST_AGENT_TOOLS: 'false', PRESSURE_MAX_EVENT_LOOP_DELAY: '0s', ...environment })
  const service = await createService(config, pino({ level: 'debug' }, { write: (line: string) => { logLines.push(line) } }))
  t.teardown(() => service.close())
  await extend?.(service)
  const address = await service.listen({ port: 0, host: '127.0.0.1' })
  return { service, address, logLines }
}

/** The service with Dust settings that lead nowhere, for tests that don't ask any agent. */
export async function startServiceAlone (t: Test, environment: Record<string, string> = {}, extend?: (service: FastifyInstance) => unknown): Promise<RunningService> {
  return startService(t, { DUST_BASE_URL: 'http://127.0.0.1:9', DUST_API_KEY: 'sk-none', DUST_WORKSPACE_ID: 'none', ...environment }, extend)
}

export interface Connection {
  client: Client
  transport: StreamableHTTPClientTransport
}

/** The official SDK's client, connected until the test ends. */
export async function connect (
  t: Test, address: string, token?: string, options: StreamableHTTPClientTransportOptions = {}, capabilities: ClientCapabilities = {}
): Promise<Connection> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { capabilities })
  const identity = token === undefined ? {} : { requestInit: { headers: { authorization: `Bearer ${token}` } } }
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', address), { ...identity, ...options })
  t.teardown(() => client.close())
  // The SDK's own class fits the SDK's own interface, except to `exactOptionalPropertyTypes`.
  await client.connect(transport as Transport)
  return { client, transport }
}

export const initialize = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } }
}

/** Posts a message to `/mcp`, without any help of the SDK. */
export async function post (address: string, message: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(new URL('/mcp', address), {
    method: 'POST',
    headers: { ...JSON_HEADERS, ...headers },
    body: typeof message === 'string' ? message : JSON.stringify(message),
    ...(signal === undefined ? {} : { signal })
  })
}

/** Opens a session without any help of the SDK and gives the header that names it. */
export async function openSession (address: string, capabilities: Record<string, unknown> = {}, headers: Record<string, string> = {}): Promise<{ 'mcp-session-id': string }> {
  const response = await post(address, { ...initialize, params: { ...initialize.params, capabilities } }, headers)
  const id = response.headers.get('mcp-session-id')
  if (response.status !== 200 || id === null) throw new Error(`initialize was answered with ${response.status}: ${await response.text()}`)
  await response.body?.cancel()
  await post(address, { jsonrpc: '2.0', method: 'notifications/initialized' }, { ...headers, 'mcp-session-id': id })
  return { 'mcp-session-id': id }
}

/** A call of a tool as a JSON-RPC message. */
export function toolCall (id: number | string, name: string, args: Record<string, unknown> = {}, progressToken?: string) {
  return { jsonrpc: '2.0' as const, id, method: 'tools/call', params: { name, arguments: args, ...(progressToken === undefined ? {} : { _meta: { progressToken } }) } }
}

/** Resolves when the condition holds. The test's own timeout is the limit. */
export async function until (condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!await condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** The last message of a reply, whether it came as JSON or, because the machine was busy, on a stream. */
export async function answerOf (response: Response): Promise<unknown> {
  const text = await response.text()
  return text.startsWith('{') ? JSON.parse(text) : messagesOf(text).at(-1)
}

/** The JSON-RPC messages of an event stream; an event without one only has an id. */
export function messagesOf (stream: string): unknown[] {
  return stream.split('\n').filter((line) => /^data: ./.test(line)).map((line) => JSON.parse(line.slice('data: '.length)) as unknown)
}
