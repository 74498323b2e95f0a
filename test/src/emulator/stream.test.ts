import t from 'tap'
import { headers, startEmulator, tokensOf, type Frame } from './caller.ts'

const handshake = 'event: dust-handshake\ndata: {}\n\n'

t.test('both event paths redirect to the server of streams, relatively and with their query', async (t) => {
  const { conversations, ask } = await startEmulator(t)
  const { cId, path } = await ask('dust', 'Hello?')
  for (const suffix of [`${cId}/events?lastEventId=1-0`, `${path}/events?lastEventId=1-0`]) {
    const response = await fetch(`${conversations}/${suffix}`, { headers, redirect: 'manual' })
    t.equal(response.status, 307)
    t.equal(response.headers.get('location'), `/api/sse/v1/w/demo/assistant/conversations/${suffix}`)
  }
})

t.test('a stream has the headers of Dust and begins with the handshake', async (t) => {
  const { conversations, ask, ended } = await startEmulator(t)
  const { path, mId } = await ask('dust', 'Hello?')
  await ended(mId)
  const response = await fetch(`${conversations}/${path}/events`, { headers })
  t.match(Object.fromEntries(response.headers), {
    'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no', 'content-encoding': 'none'
  })
  t.ok((await response.text()).startsWith(handshake))
})

t.test('a replay ends with the end marker and done', async (t) => {
  const { ask, ended, connect } = await startEmulator(t)
  for (const [agentId, terminal] of [['dust', 'agent_message_success'], ['unlucky', 'agent_error']] as const) {
    const { path, mId } = await ask(agentId, 'Hello?')
    await ended(mId)
    const { frames, isDone } = await connect(path)
    t.same(frames.at(-1)?.data, { type: 'end-of-stream' })
    t.ok(frames.some(({ data }) => data.type === terminal))
    t.ok(isDone)
  }
})

t.test('a live stream ends with done, without the end marker', async (t) => {
  const { ask, connect, sendJson, app } = await startEmulator(t)
  const { path, cId, mId } = await ask('concierge', 'Plan')
  const connection = connect(path)
  const run = app.emulator.workspace.runs.get(mId)
  t.ok(run)
  while (app.emulator.requests()['messages.events'] !== 1 || app.emulator.workspace.pending.blockedIn(cId).length === 0) await new Promise(setImmediate)
  const [{ actionId } = { actionId: '' }] = app.emulator.workspace.pending.blockedIn(cId)
  await sendJson('POST', `/assistant/conversations/${path}/answer-question`, { actionId, answer: { selectedOptions: [0] } })
  const { frames, isDone } = await connection
  t.ok(isDone)
  t.ok(frames.some(({ data }) => data.type === 'agent_message_success'))
  t.notOk(frames.some(({ data }) => data.type === 'end-of-stream'))
})

t.test('a replay comes in pages; nothing is lost or sent twice', async (t) => {
  const { ask, ended, connect } = await startEmulator(t, { pageSize: 7 })
  const { path, mId } = await ask('essayist', 'What is dew?')
  const { content, events, connections } = await ended(mId)
  t.equal(connections, 0)
  const frames: Frame[] = []
  let pages = 0
  do {
    const page = await connect(path, frames.at(-1)?.eventId)
    t.ok(page.isDone, `page ${++pages}`)
    t.ok(page.frames.length <= 7)
    frames.push(...page.frames)
  } while (frames.at(-1)?.data.type !== 'end-of-stream')
  t.equal(frames.length, events)
  t.equal(new Set(frames.map(({ eventId }) => eventId)).size, events)
  t.equal(tokensOf(frames), content)
  t.equal((await ended(mId)).connections, pages)
})

t.test('the event ids grow, compared by their parts', async (t) => {
  const { ask, ended, connect } = await startEmulator(t, { pageSize: 10_000 })
  const { path, mId } = await ask('researcher', 'What is dew?')
  await ended(mId)
  const ids = (await connect(path)).frames.map(({ eventId }) => eventId.split('-').map(Number))
  const sorted = [...ids].sort(([ms = 0, n = 0], [otherMs = 0, otherN = 0]) => ms - otherMs || n - otherN)
  t.same(ids, sorted)
})

t.test('a connection says done when its lifetime is over and an event passes', async (t) => {
  const { ask, ended, connect } = await startEmulator(t, { connectionLifetimeMs: 0 })
  const { path, mId } = await ask('dust', 'Hello?')
  await ended(mId)
  const { frames, isDone } = await connect(path)
  t.equal(frames.length, 1)
  t.ok(isDone)
})

t.test('after cancellation, an early stop or a broken tool the server does not close the stream', async (t) => {
  const { ask, ended, connect, app, sendJson, readUntil } = await startEmulator(t)
  const deployer = await ask('deployer', 'Deploy')
  await readUntil(deployer.path, 'tool_approve_execution')
  await sendJson('POST', `/assistant/conversations/${deployer.cId}/cancel`, { messageIds: [deployer.mId] })
  const sprinter = await ask('sprinter', 'Run')
  const archivist = await ask('archivist', 'Find it')
  const paths = [[deployer, 'agent_generation_cancelled'], [sprinter, 'agent_message_gracefully_stopped'], [archivist, 'tool_error']] as const
  for (const [{ mId }] of paths) await ended(mId)
  for (const [{ path }, type] of paths) await readUntil(path, type)
  const open = paths.map(([{ path }]) => connect(path))
  while (app.emulator.requests()['messages.events'] !== 7) await new Promise(setImmediate)
  await app.close()
  for (const { frames, isDone, text } of await Promise.all(open)) {
    t.notOk(isDone)
    t.notOk(frames.some(({ data }) => data.type === 'end-of-stream'))
    t.ok(text.startsWith(handshake))
  }
})

t.test('an expired history leaves the handshake and then silence', async (t) => {
  const { ask, ended, connect, app } = await startEmulator(t, { historyTtlMs: 0 })
  const { path, mId } = await ask('dust', 'Hello?')
  await ended(mId)
  const connection = connect(path)
  while (app.emulator.message(mId)?.connections !== 1) await new Promise(setImmediate)
  await app.close()
  t.equal((await connection).text, handshake)
})

t.test('the novelist writes more than 200 kB in many alphabets, and every byte arrives', async (t) => {
  const { ask, ended, connect } = await startEmulator(t, { pageSize: 10_000 })
  const { path, mId } = await ask('novelist', 'Tell me about lighthouses')
  const { content } = await ended(mId)
  t.ok(Buffer.byteLength(content ?? '') >= 200_000)
  for (const sample of ['führt', '静かな', 'Никто', '🚀', '👩‍🔬', 'كان']) t.ok(content?.includes(sample), sample)
  t.ok(tokensOf((await connect(path)).frames) === content)
})

t.test('tokens of several steps repeat themselves; only the final content counts', async (t) => {
  const { ask, ended, connect } = await startEmulator(t, { pageSize: 10_000 })
  const { path, mId, cId } = await ask('researcher', 'What is amber?')
  const { content } = await ended(mId)
  const { frames } = await connect(path)
  t.not(tokensOf(frames), content)
  t.ok(tokensOf(frames).endsWith(content ?? 'nothing'))
  t.same([...new Set(frames.filter(({ data }) => 'step' in data).map(({ data }) => data['step']))], [0, 1, 2])
  const types = frames.map(({ data }) => data.type)
  const order = ['tool_call_started', 'tool_params', 'tool_notification', 'agent_action_success'].map((type) => types.indexOf(type))
  t.same(order, [...order].sort((a, b) => a - b))
  t.ok(cId)
})

t.test('unknown events and fields are sprinkled in, everywhere the same', async (t) => {
  const strangers = async () => {
    const { ask, ended, connect } = await startEmulator(t, { pageSize: 10_000 })
    const { path, mId } = await ask('essayist', 'What is dew?')
    await ended(mId)
    return (await connect(path)).frames.map(({ data }) => [data.type, 'traceId' in data])
  }
  const first = await strangers()
  t.ok(first.some(([type]) => type === 'heartbeat_v2' || type === 'agent_mood_changed' || type === 'agent_message_consumption_updated'))
  t.ok(first.some(([, hasTrace]) => hasTrace))
  t.same(await strangers(), first)
})
