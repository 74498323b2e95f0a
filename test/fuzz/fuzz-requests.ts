import { Agent, request } from 'undici'
import { createRandom } from '../../src/emulator/random.ts'
import { initialize, JSON_HEADERS } from '../helper.ts'
import { authorization, createCaller, learn, oneOf, SESSIONS_EACH, type Caller } from './caller.ts'
import { judgeRaw, judgeRequest } from './judge-requests.ts'
import { createRaw } from './raw-cases.ts'
import { sendRaw } from './raw-client.ts'
import { createRequest, UNKNOWN_ID, type RequestCase } from './request-cases.ts'

export interface RequestFuzzOptions {
  seed: number
  count: number
  /** Names and tokens of those who send. */
  tokens: ReadonlyArray<{ name: string, token: string | null }>
  concurrency?: number
  deadlineMs?: number
  /** Is called now and then, between the requests. */
  onProgress: (done: number) => Promise<void>
}

export interface RequestFuzzReport {
  /** How often each kind of case was sent, and each status answered; `none` for a socket that was closed without an answer. */
  kinds: Record<string, number>
  statuses: Record<string, number>
  streams: number
  findings: string[]
}

const RAW_SHARE = 0.25
const PROGRESS_STEPS = 60

/** Sends cases to a server that listens, and looks at every answer. */
export async function fuzzRequests (address: string, { seed, count, tokens, concurrency = 16, deadlineMs = 60_000, onProgress }: RequestFuzzOptions): Promise<RequestFuzzReport> {
  const url = `${address}/mcp`
  const { host } = new URL(address)
  // More connections than requests: streams that were left may take a moment to go.
  const dispatcher = new Agent({ connections: concurrency * 2 })
  const report: RequestFuzzReport = { kinds: {}, statuses: {}, streams: 0, findings: [] }
  const [first, ...others] = tokens.map(({ name, token }) => createCaller(name, token))
  if (first === undefined) throw new Error('Nobody sends anything')
  const callers: [Caller, ...Caller[]] = [first, ...others]
  for (const caller of callers) {
    for (let slot = 0; slot < SESSIONS_EACH; slot++) caller.sessions.push(await open(caller))
  }

  async function open (caller: Caller): Promise<string> {
    const { headers, body } = await request(url, { method: 'POST', headers: { ...JSON_HEADERS, ...authorization(caller) }, body: JSON.stringify(initialize), dispatcher })
    await body.dump()
    return String(headers['mcp-session-id'])
  }

  async function sendRequest (number: number): Promise<string | null> {
    const fuzzed = createRequest(seed, number, callers)
    const { kind, caller, method, headers, body, session } = fuzzed
    tally(report.kinds, kind)
    const id = session === null ? undefined : session.owner.sessions[session.slot]
    const signal = AbortSignal.timeout(deadlineMs)
    try {
      const response = await request(url, { method, body, signal, dispatcher, headers: { ...(id === undefined ? {} : { 'mcp-session-id': id }), ...headers } })
      tally(report.statuses, response.statusCode)
      const type = String(response.headers['content-type'] ?? '')
      const isStream = type.startsWith('text/event-stream')
      if (isStream) report.streams++
      if (isStream && isOpenEnded(fuzzed)) {
        response.body.on('error', () => {}).destroy()
        return null
      }
      const text = await response.body.text()
      learn(caller, text)
      return judgeRequest({ status: response.statusCode, type, text }, fuzzed)
    } catch (error) {
      return signal.aborted ? `no answer within ${deadlineMs} ms` : String(error)
    } finally {
      if (method === 'DELETE' && session !== null && session.owner === caller) session.owner.sessions[session.slot] = await open(caller)
    }
  }

  async function sendBytes (number: number): Promise<string | null> {
    const random = createRandom('entry', seed, number)
    const caller = random.pick(callers)
    const raw = createRaw(seed, number, { host, headers: { ...authorization(caller), 'mcp-session-id': oneOf(random, caller.sessions, UNKNOWN_ID) } })
    tally(report.kinds, 'raw')
    const outcome = await sendRaw(address, raw, deadlineMs)
    for (const { status } of outcome.answers) tally(report.statuses, status)
    if (outcome.answers.length === 0) tally(report.statuses, 'none')
    const fault = judgeRaw(outcome, raw)
    return fault === null ? null : `${raw.name}: ${fault}`
  }

  let next = 0
  let reached = 0
  async function work (): Promise<void> {
    while (next < count) {
      const number = next++
      const isRaw = createRandom('share', seed, number).chance(RAW_SHARE)
      const fault = await (isRaw ? sendBytes(number) : sendRequest(number))
      if (fault !== null) report.findings.push(`case ${number}: ${fault}`)
      const step = Math.floor(number * PROGRESS_STEPS / count)
      if (step > reached) {
        reached = step
        await onProgress(number)
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  await dispatcher.destroy()
  return report
}

function tally (counts: Record<string, number>, name: string | number): void {
  counts[name] = (counts[name] ?? 0) + 1
}

/** A stream on which there may never come anything. */
function isOpenEnded ({ method, body }: RequestCase): boolean {
  return method === 'GET' || body?.includes('subscriptions/listen') === true || body?.includes('tasks/result') === true
}
