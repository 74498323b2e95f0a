import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { readMetrics } from '../fixtures/metrics.ts'

const PROGRAM = path.join(import.meta.dirname, '..', '..', 'src', 'server.ts')
/** What may not be in a log, whoever wrote the line. */
const ALARMING = /"level":"(?:error|fatal)"|unhandled|uncaught|MaxListenersExceeded|FATAL ERROR/i
/** Runs are logged by what Dust calls them, whatever that is. */
const IDS = /"(?:conversationId|messageId)":"(?:[^"\\]|\\.)*"/g
const LINES_KEPT = 20

/** The server in its own process, with somebody who reads its log. */
export interface WatchedServer {
  address: string
  /** Alarming lines of its log, and its end, should it come early. */
  findings: string[]
  /** How many lines it has logged. */
  logged (): number
  /** Its resident set. */
  rssBytes (): Promise<number>
  stop (): Promise<void>
}

/**
 * Starts the server with nothing but the given environment and waits until it listens.
 *
 * @param secrets what must not be in its log
 * @throws {Error} when it ends before
 */
export async function startWatchedServer (environment: Record<string, string>, secrets: readonly string[]): Promise<WatchedServer> {
  // A server that keeps what it's sent shall run out of memory rather than look well.
  const child = spawn(process.execPath, ['--max-old-space-size=512', PROGRAM], {
    cwd: tmpdir(), env: { HOST: '127.0.0.1', PORT: '0', PRESSURE_MAX_EVENT_LOOP_DELAY: '0s', ...environment }, stdio: ['ignore', 'pipe', 'pipe']
  })
  const kill = (): void => { child.kill('SIGKILL') }
  process.once('exit', kill)
  const findings: string[] = []
  let logged = 0
  let isStopping = false
  const listening = Promise.withResolvers<string>()
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on('line', (line) => {
      logged++
      const [, address] = /Server listening at (http:[^"]+)/.exec(line) ?? []
      if (address !== undefined) listening.resolve(address)
      const secret = secrets.find((words) => line.replaceAll(IDS, '').includes(words))
      if (findings.length < LINES_KEPT && (secret !== undefined || ALARMING.test(line) || output === child.stderr)) {
        findings.push(`log${secret === undefined ? '' : `, with the secret ${secret}`}: ${line.slice(0, 1500)}`)
      }
    })
  }
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => {
    process.removeListener('exit', kill)
    const how = `the server ended with ${String(signal ?? code)}`
    if (!isStopping || code !== 0) findings.push(how)
    listening.reject(new Error([how, ...findings].join('\n')))
  })
  const address = await listening.promise
  return {
    address,
    findings,
    logged: () => logged,
    rssBytes: async () => (await readMetrics(address)).value('mcp_dust_server_memory_usage_bytes'),
    stop: async () => {
      isStopping = true
      child.kill('SIGTERM')
      await ended
    }
  }
}
