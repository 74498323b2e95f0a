import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from '../test/fixtures/free-port.ts'
import { endWithThis } from './server.ts'

export interface RedisServer {
  url: string
  ask (command: string, ...args: string[]): Promise<unknown>
  stop (): Promise<void>
}

/** Starts a Redis of our own on the loopback address, which writes to its disk once a second, as one does that must not lose sessions. */
export async function startRedis (): Promise<RedisServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-redis-'))
  const port = await freePort()
  const child = spawn('redis-server', [
    '--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction'
  ], { stdio: ['ignore', 'ignore', 'inherit'] })
  endWithThis(child)
  const ended = once(child, 'exit')
  // It tries again until the server listens.
  const redis = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null })
  redis.on('error', () => {})
  await Promise.race([redis.ping(), ended.then(([code]) => { throw new Error(`redis-server ended with ${code}`) })])
  return {
    url: `redis://127.0.0.1:${port}`,
    ask: (command, ...args) => redis.call(command, ...args),
    stop: async () => {
      redis.disconnect()
      child.kill()
      await ended
      await rm(folder, { recursive: true })
    }
  }
}
