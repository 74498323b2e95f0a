import path from 'node:path'
import { startForeignServer, startServer, type Server } from '../server.ts'
import type { Lane } from '../requests.ts'

const PROGRAMS = path.join(import.meta.dirname, '..', '..', 'node_modules', '.bin')
const STDIO_SERVER = path.join(import.meta.dirname, '..', 'servers', 'stdio.ts')

/** What the service costs without what watches it. */
export const UNWATCHED = { ENABLE_METRICS: 'false', LOG_LEVEL: 'silent' }

export interface Contestant {
  name: string
  lane: Lane
  /** What must be said to the tool that gives back what it got. */
  argument: string
  isOurs?: boolean
  /** Contestants of the same program share a process, in which they are measured one after the other. */
  program: string
  /** @param tools how many it offers */
  start (tools: number): Promise<Server>
}

const echo = { argument: 'text' }

function own (program: string, ...more: string[]): Pick<Contestant, 'program' | 'start' | 'argument'> {
  return { ...echo, program: [program, ...more].join(' '), start: (tools) => startServer(program, { args: [String(tools), ...more] }) }
}

/** The service, as it is or with other settings. */
export function product (program: string, environment: Record<string, string>): Pick<Contestant, 'program' | 'start' | 'argument' | 'isOurs'> {
  return { ...echo, isOurs: true, program, start: (tools) => startServer('product.ts', { args: [String(tools)], environment: { ...environment, ...tools > 1 ? { DUST_TOOLS: 'approvals' } : {} } }) }
}

export const BARE: Contestant = { name: 'bare Fastify route', lane: 'stateless', ...own('bare.ts') }
export const SESSIONS: Contestant = { name: 'mcp-dust-server, sessions', lane: 'session', ...product('product', {}) }
export const STATELESS: Contestant = { name: 'mcp-dust-server, stateless', lane: 'stateless', ...product('product', {}) }
export const SDK_V1: Contestant = { name: 'SDK v1, McpServer on Express', lane: 'session', ...own('sdk-v1-express.ts') }
export const SDK_V2: Contestant = { name: 'SDK v2 handler, McpServer', lane: 'stateless', ...own('sdk-v2.ts', 'McpServer') }

/** The first is what the others are compared with. */
export const CONTESTANTS: readonly Contestant[] = [
  BARE,
  SESSIONS,
  { name: 'the same without metrics and logs', lane: 'session', ...product('unwatched product', UNWATCHED) },
  SDK_V1,
  { name: 'SDK v1 transport on Fastify, McpServer', lane: 'session', ...own('sdk-v1-fastify.ts', 'McpServer') },
  { name: 'SDK v1 transport on Fastify, Server', lane: 'session', ...own('sdk-v1-fastify.ts', 'Server') },
  { name: 'fastify-mcp, McpServer', lane: 'session', ...own('fastify-mcp.ts') },
  {
    name: 'server-everything',
    lane: 'session',
    argument: 'message',
    program: 'server-everything',
    start: () => startForeignServer((port) => ({ args: [path.join(PROGRAMS, 'mcp-server-everything'), 'streamableHttp'], environment: { PORT: String(port) } }))
  },
  {
    name: 'mcp-proxy before a stdio server',
    lane: 'session',
    ...echo,
    program: 'mcp-proxy',
    start: () => startForeignServer((port) => ({ args: [path.join(PROGRAMS, 'mcp-proxy'), '--host', '127.0.0.1', '--port', String(port), '--server', 'stream', '--', process.execPath, STDIO_SERVER] }))
  },
  STATELESS,
  { name: 'the same without metrics and logs, stateless', lane: 'stateless', ...product('unwatched product', UNWATCHED) },
  SDK_V2,
  { name: 'SDK v2 handler, Server', lane: 'stateless', ...own('sdk-v2.ts', 'Server') }
]
