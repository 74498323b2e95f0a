import { Agent, request } from 'undici'
import { initialize, JSON_HEADERS } from '../helper.ts'
import { faultOf } from './answers.ts'
import { createCase, SLOTS, type RoutingCase } from './routing-cases.ts'

export interface FuzzOptions {
  seed: number
  count: number
  /** Requests at the same time. */
  concurrency?: number
  /** How long an answer may take, to its end. */
  deadlineMs?: number
}

export interface FuzzReport {
  /** How often each status was answered. */
  statuses: Record<string, number>
  streams: number
  /** What must not happen, each with the number of its case. */
  faults: string[]
}

/** Sends cases to a service that listens, and looks at every answer. */
export async function fuzzRouting (address: string, { seed, count, concurrency = 16, deadlineMs = 60_000 }: FuzzOptions): Promise<FuzzReport> {
  const url = `${address}/mcp`
  // More connections than requests: streams that were left may take a moment to go.
  const dispatcher = new Agent({ connections: concurrency * 2 })
  const report: FuzzReport = { statuses: {}, streams: 0, faults: [] }
  const sessions = await Promise.all(Array.from({ length: SLOTS }, open))
  let next = 0

  async function open (): Promise<string> {
    const { headers, body } = await request(url, { method: 'POST', headers: JSON_HEADERS, body: JSON.stringify(initialize), dispatcher })
    await body.dump()
    return String(headers['mcp-session-id'])
  }

  async function send (number: number): Promise<void> {
    const routingCase = createCase(seed, number)
    const { method, headers, body, slot } = routingCase
    const session = slot === null ? undefined : sessions[slot]
    const signal = AbortSignal.timeout(deadlineMs)
    try {
      const response = await request(url, {
        method, body, signal, dispatcher, headers: { ...(session === undefined ? {} : { 'mcp-session-id': session }), ...headers }
      })
      report.statuses[response.statusCode] = (report.statuses[response.statusCode] ?? 0) + 1
      const type = String(response.headers['content-type'] ?? '')
      if (type.startsWith('text/event-stream')) report.streams++
      if (isOpenEnded(routingCase) && type.startsWith('text/event-stream')) {
        response.body.on('error', () => {}).destroy()
      } else {
        const fault = faultOf({ status: response.statusCode, type, text: await response.body.text() }, routingCase)
        if (fault !== null) report.faults.push(`case ${number}: ${fault}`)
      }
    } catch (error) {
      report.faults.push(`case ${number}: ${signal.aborted ? `no answer within ${deadlineMs} ms` : String(error)}`)
    }
    if (method === 'DELETE' && slot !== null) sessions[slot] = await open()
  }

  await Promise.all(Array.from({ length: concurrency }, async () => {
    while (next < count) await send(next++)
  }))
  await dispatcher.destroy()
  return report
}

/** A stream on which there may never come anything. */
function isOpenEnded ({ method, body }: RoutingCase): boolean {
  return method === 'GET' || body?.includes('subscriptions/listen') === true
}
