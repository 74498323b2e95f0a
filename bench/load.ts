import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

const run = promisify(execFile)

/** What is sent again and again. */
export interface Load {
  /** JSON with `%d` where each request has its own id, one after the other. */
  bodies: string[]
  /** Several values for one name are taken in turn. */
  headers: Record<string, string[]>
}

const Measured = Type.Object({
  requests: Type.Integer(),
  /** Of the answers. */
  bytes: Type.Integer(),
  micros: Type.Integer(),
  /** No answer, or one with another status than 2xx and 3xx. */
  failed: Type.Integer(),
  /** Latencies in microseconds. */
  p50: Type.Integer(),
  p99: Type.Integer()
})

/**
 * Sends as much as the server takes over so many connections, with wrk in a process of its own.
 *
 * @see https://github.com/wg/wrk
 */
export async function applyLoad (address: string, { bodies, headers }: Load, connections: number, seconds: number) {
  const words = Object.entries(headers).map(([name, values]) => `${name}=${values.join('|')}`)
  const { stdout } = await run('wrk', [
    '--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`, '--timeout', '10s',
    '--script', path.join(import.meta.dirname, 'load.lua'), `${address}/mcp`, '--', String(bodies.length), ...bodies, ...words
  ])
  return Value.Parse(Measured, JSON.parse(stdout.trim().split('\n').at(-1) ?? ''))
}
