import t from 'tap'
import { createRandom } from '../../../src/emulator/random.ts'
import type { Emulator } from '../../../src/emulator/emulator.ts'
import type { Fault } from '../../../src/emulator/faults/fault.ts'
import type { HistoryEvent } from '../../../src/emulator/history.ts'
import { collectEvents, disorder, startEmulator } from './emulated-dust.ts'
import { connect } from './scripted-dust.ts'

const runs = 200
const atATime = 8
const agents = ['dust', 'essayist', 'researcher', 'novelist', 'unlucky', 'archivist', 'sprinter']

const KNOWN_TYPES = new Set([
  'generation_tokens', 'tool_call_started', 'tool_params', 'tool_notification', 'agent_action_success', 'tool_error',
  'agent_message_success', 'agent_message_gracefully_stopped', 'agent_error'
])

/** Trouble on the streams by chance, and some on the way to them and to the conversation. */
function drawFaults (seed: number): Fault[] {
  const random = createRandom('seeded runs', seed)
  const times = () => random.integer(1, 3)
  const requestFaults: Fault[] = [
    { kind: 'html', operation: 'conversations.get', status: 502, times: times() },
    { kind: 'reset', operation: 'conversations.get', when: 'mid_answer', times: times() },
    { kind: 'rate_limit', operation: 'messages.redirect', status: 403, times: times() },
    { kind: 'reset', operation: 'messages.redirect', times: times() },
    { kind: 'error', operation: 'messages.events', status: 500, type: 'internal_server_error', message: 'Unhandled', times: times() }
  ]
  return [
    ...requestFaults.filter(() => random.chance(0.3)),
    { kind: 'unknown_events', rate: 0.1 },
    { kind: 'random', seed, limit: 6, not_found: 0.15, rate_limit: 0.15, no_handshake: 0.2, page: 0.3, expired: 0.03, cut: 0.3, cut_mid_frame: 0.3, done: 0.3, silent: 0.1 }
  ]
}

/** The ids of the events that a run gives, but for those of unknown types, as they come. */
function recordEvents (emulator: Emulator, messageId: string): { ids: string[], isKept: () => boolean } {
  const history = emulator.workspace.runs.get(messageId)?.events
  if (history === undefined) throw new Error('The emulator knows no such run')
  const ids: string[] = []
  const record = ({ eventId, frame }: HistoryEvent): void => {
    const type = String(Object(Object(JSON.parse(frame.slice('data: '.length))).data).type)
    if (KNOWN_TYPES.has(type)) ids.push(eventId)
  }
  history.after().forEach(record)
  history.subscribe(record)
  return { ids, isKept: () => history.after().length === history.count }
}

t.test(`${runs} runs with random faults end with the answer that was given`, { timeout: 110_000 }, async (t) => {
  const outcomes = { connections: 0, disturbed: 0, kept: 0, complete: 0 }

  async function play (seed: number): Promise<void> {
    const { baseUrl, emulator } = await startEmulator(t, { seed, pageSize: 20 })
    const client = connect(t, baseUrl, { apiKey: 'sk-demo', timing: { idleMs: [50, 100], idleAfterToolErrorMs: 25 } })
    emulator.faults.replace(drawFaults(seed))
    const agentId = agents[seed % agents.length] ?? ''
    const run = await client.startRun({ agentId, content: `Question ${seed}: what is a mutex?` })
    const given = recordEvents(emulator, run.messageId)
    const events = await collectEvents(client.messageEvents(run))
    const record = emulator.message(run.messageId)
    const final = events.at(-1)?.event
    t.match(final, { type: 'run_completed', message: { status: record?.status } }, `seed ${seed}: ${agentId} ended`)
    t.equal(final?.type === 'run_completed' ? final.message.content : undefined, record?.content, `seed ${seed}: its answer, letter by letter`)
    t.strictSame(disorder(events), [], `seed ${seed}: its events in order, none twice`)
    const ids = events.flatMap(({ id }) => id === null ? [] : [id])
    // What the server itself has forgotten, nobody can bring.
    if (given.isKept()) t.strictSame(ids, given.ids.slice(0, ids.length), `seed ${seed}: none left out before the last one that arrived`)
    outcomes.kept += given.isKept() ? 1 : 0
    outcomes.complete += ids.length === given.ids.length ? 1 : 0
    outcomes.connections += record?.connections ?? 0
    outcomes.disturbed += (record?.connections ?? 0) > 1 ? 1 : 0
  }

  const seeds = Array.from({ length: runs }, (_, index) => index + 1).values()
  await Promise.all(Array.from({ length: atATime }, async () => {
    for (const seed of seeds) await play(seed)
  }))
  t.comment(`${outcomes.connections} connections, ${outcomes.disturbed} runs of more than one, ${outcomes.kept} whose history was kept, ${outcomes.complete} with every event`)
  t.ok(outcomes.disturbed > runs / 2, 'most runs were disturbed')
  t.ok(outcomes.kept > runs * 0.8, 'few histories were forgotten by the server')
  t.ok(outcomes.complete > runs / 2, 'most brought every event; the others ended with what the conversation had')
})
