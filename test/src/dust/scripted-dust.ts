import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Test } from 'tap'
import { createDustClient, type DustClient, type DustClientOptions, type DustTiming } from '../../../src/dust/client.ts'
import { listen } from '../../fixtures/listen.ts'

export const apiKey = 'sk-secret0123456789'

/** Every delay small enough for a test, and none so small that it fires by chance. */
export const fastTiming: DustTiming = {
  requestTimeoutMs: 5_000,
  transferTimeoutMs: 5_000,
  backoffBaseMs: 1,
  backoffMaxMs: 4,
  idleMs: [5_000],
  idleAfterToolErrorMs: 5_000,
  pollBaseMs: 1,
  pollMaxMs: 2,
  settlePollMs: 1,
  settleTimeoutMs: 5_000
}

export interface Call {
  method: string
  /** Path below the workspace, without its query. */
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: string
  request: IncomingMessage
  reply: ServerResponse
}

export interface ScriptedDust {
  baseUrl: string
  calls: Call[]
  sockets: Set<Socket>
}

/** A real HTTP server that answers as the test says. Closed with the test. */
export async function startDust (t: Test, answer: (call: Call, number: number) => void): Promise<ScriptedDust> {
  const calls: Call[] = []
  const sockets = new Set<Socket>()
  const server = createServer(async (request, reply) => {
    const url = new URL(request.url ?? '', 'http://dust.test')
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const path = url.pathname.replace(/^\/api\/(sse\/)?v1\/w\/[^/]+/, '')
    const call = { method: request.method ?? '', path, query: url.searchParams, headers: request.headers, body, request, reply }
    calls.push(call)
    answer(call, calls.length)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  return { baseUrl: await listen(t, server), calls, sockets }
}

export function connect (t: Test, baseUrl: string, options: Partial<DustClientOptions> = {}): DustClient {
  const { timing, ...rest } = options
  const client = createDustClient({
    baseUrl, workspaceId: 'demo', apiKey, username: 'tester', timezone: 'UTC', timing: { ...fastTiming, ...timing }, ...rest
  })
  t.teardown(() => client.close())
  return client
}

export function json ({ reply }: Call, status: number, body: object): void {
  reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

export function fail (call: Call, status: number, type: string, message = ''): void {
  json(call, status, { error: { type, message } })
}

export function text ({ reply }: Call, status: number, contentType: string, body: string): void {
  reply.writeHead(status, { 'content-type': contentType }).end(body)
}

/** Starts an event stream with these frames and leaves it open. */
export function stream ({ reply }: Call, ...frames: string[]): ServerResponse {
  reply.writeHead(200, { 'content-type': 'text/event-stream' })
  reply.write(['event: dust-handshake\ndata: {}', ...frames, ''].join('\n\n'))
  return reply
}

export function frame (id: string, data: object): string {
  return `data: ${JSON.stringify({ eventId: id, data })}`
}

export function token (id: string, text: string): string {
  return frame(id, { type: 'generation_tokens', created: 1, configurationId: 'dust', messageId: 'am1', text, classification: 'tokens', step: 0 })
}

export function success (id: string, content: string): string {
  return frame(id, { type: 'agent_message_success', created: 1, configurationId: 'dust', messageId: 'am1', message: agentMessage({ content, status: 'succeeded' }), runIds: [] })
}

export function agentMessage (fields: object = {}) {
  return { type: 'agent_message', sId: 'am1', parentMessageId: 'um1', status: 'created', content: null, ...fields }
}

export function userMessage (fields: object = {}) {
  return { type: 'user_message', sId: 'um1', content: 'Hello', ...fields }
}

export function conversation (...messages: object[]) {
  return { conversation: { sId: 'c1', url: 'https://dust.test/c1', content: messages.map((message) => [message]) } }
}

export const ref = { conversationId: 'c1', messageId: 'am1' }

export function isStream ({ path }: Call): boolean {
  return path.endsWith('/events')
}
