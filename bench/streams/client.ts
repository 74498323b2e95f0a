import { setTimeout as pause } from 'node:timers/promises'
import { createParser } from 'eventsource-parser'
import { Pool } from 'undici'
import { isObject } from '../../src/mcp/json-rpc.ts'
import { SESSION_HEADERS } from '../requests.ts'
import { doMany, SessionClient } from '../session-client.ts'
import { quantile } from '../statistics.ts'
import { now, parsePieces, toPrompt, type Wanted } from './pieces.ts'

/** What the clients are to do. */
export interface Task extends Wanted {
  address: string
  runs: number
  /** The time in which the runs begin, evenly. */
  rampMs: number
  /** How long pieces are collected before they are told. */
  windowMs: number
}

export interface Quantiles {
  p50: number
  p99: number
}

/** In milliseconds. */
export interface Latencies {
  /** From the newest piece of a notification to its arrival. */
  newest: Quantiles
  /** From the oldest one, beyond the time for which pieces are collected. */
  beyondWindow: Quantiles
  /** From the end of the run to the arrival of the answer. */
  answer: Quantiles
}

/** What the clients tell of it: that all agents speak, that the first one has ended, and how it went. */
export type Progress = { stage: 'plateau' } | { stage: 'ending', speaking: number, faults: string[] } | { stage: 'done', latencies: Latencies, pieces: number, notifications: number, faults: string[] }

/** Its multiples are spread evenly over any time. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2

interface Notified {
  arrivedAt: number
  newestAt: number
  oldestAt: number
  pieces: number
}

const tell = (progress: Progress): void => { process.send?.(progress) }
process.on('disconnect', () => { process.exit() })
process.on('message', (task: Task) => { play(task).catch((error: unknown) => { throw error }) })

async function play ({ address, runs, rampMs, windowMs, ...wanted }: Task): Promise<void> {
  const client = new SessionClient(address, 20)
  const sessions = await doMany(runs, 20, () => client.open())
  const pool = new Pool(address, { connections: runs, headersTimeout: 0, bodyTimeout: 0 })
  const notified: Notified[] = []
  const answered: Array<{ arrivedAt: number, saidAt: number }> = []
  const faults: string[] = []
  let speaking = 0
  let [plateauAt, endingAt] = [Infinity, Infinity]

  await Promise.all(sessions.map(async (session, index) => {
    // Agents don't speak in step: each begins at another moment of the time between two pieces.
    await pause(rampMs / runs * index + (index * GOLDEN_RATIO % 1) * wanted.everyMs)
    try {
      let told = ''
      let last: Notified | undefined
      const result = await ask(pool, session, wanted, (text, arrivedAt) => {
        if (told === '' && ++speaking === runs) {
          plateauAt = now()
          tell({ stage: 'plateau' })
        }
        told += text
        if (last !== undefined) notified.push(last)
        const pieces = parsePieces(text)
        last = { arrivedAt, newestAt: pieces.at(-1)?.saidAt ?? NaN, oldestAt: pieces[0]?.saidAt ?? NaN, pieces: pieces.length }
      })
      // The last notification is sent by the end of the run, before its time, and isn't kept.
      if (endingAt === Infinity) {
        endingAt = now()
        tell({ stage: 'ending', speaking, faults })
      }
      answered.push({ arrivedAt: result.arrivedAt, saidAt: parsePieces(result.answer).at(-1)?.saidAt ?? NaN })
      faults.push(...findFaults(told, result.answer, wanted))
    } catch (error) {
      faults.push(String(error))
    }
  }))
  await pool.close()
  await doMany(runs, 20, (index) => client.end(sessions[index] ?? ''))
  await client.close()
  const during = notified.filter(({ arrivedAt }) => arrivedAt >= plateauAt && arrivedAt < endingAt)
  const quantiles = (values: readonly number[]): Quantiles => ({ p50: quantile(values, 0.5), p99: quantile(values, 0.99) })
  tell({
    stage: 'done',
    latencies: {
      newest: quantiles(during.map(({ arrivedAt, newestAt }) => arrivedAt - newestAt)),
      beyondWindow: quantiles(during.map(({ arrivedAt, oldestAt }) => arrivedAt - oldestAt - windowMs)),
      answer: quantiles(answered.map(({ arrivedAt, saidAt }) => arrivedAt - saidAt))
    },
    pieces: during.reduce((sum, { pieces }) => sum + pieces, 0),
    notifications: during.length,
    faults
  })
}

/** Asks the agent and reads on until it has answered. */
async function ask (pool: Pool, session: string, wanted: Wanted, onText: (text: string, arrivedAt: number) => void): Promise<{ answer: string, arrivedAt: number }> {
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'dust_ask_agent', arguments: { agent: 'dust', message: toPrompt(wanted) }, _meta: { progressToken: 1 } } }
  const { statusCode, headers, body } = await pool.request({ path: '/mcp', method: 'POST', headers: { ...SESSION_HEADERS, 'mcp-session-id': session }, body: JSON.stringify(call) })
  if (statusCode !== 200 || headers['content-type'] !== 'text/event-stream') throw new Error(`The call was answered with ${statusCode}: ${await body.text()}`)
  let answer: string | undefined
  let arrivedAt = NaN
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data === '') return
      const message: unknown = JSON.parse(data)
      if (!isObject(message)) return
      const { params, result } = message
      if (isObject(params) && isObject(params['_meta']) && params['_meta']['mcp-dust-server/kind'] === 'text') onText(String(params['message']), arrivedAt)
      else if (isObject(result) && isObject(result['structuredContent'])) answer = String(result['structuredContent']['answer'])
      else if ('result' in message || 'error' in message) throw new Error(data.slice(0, 500))
    }
  })
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    arrivedAt = now()
    parser.feed(decoder.decode(chunk as Buffer, { stream: true }))
  }
  if (answer === undefined) throw new Error('The stream ended without an answer')
  return { answer, arrivedAt }
}

/** Whether anything was lost, twice, or in another order. */
function findFaults (told: string, answer: string, { pieces }: Wanted): string[] {
  const expected = [...Array.from({ length: pieces }, (_, index) => String(index + 1)), 'end'].join()
  const numbers = parsePieces(answer).map(({ number }) => number).join()
  if (numbers !== expected) return [`An answer has the pieces ${numbers}`]
  return answer.startsWith(told) && parsePieces(told).length === pieces ? [] : ['What was told isn\'t what was answered']
}
