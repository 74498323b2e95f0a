import t from 'tap'
import { headers, startEmulator, tokensOf, type Frame } from './caller.ts'

const handshake = 'event: dust-handshake\ndata: {}\n\n'

async function startAnswered (t: Parameters<typeof startEmulator>[0]) {
  const started = await startEmulator(t, { pageSize: 10_000 })
  const asked = await started.ask('dust', 'Hello?')
  const record = await started.ended(asked.mId)
  /** Opens a connection that stays open, and returns what it had got when the emulator closed. */
  const connectUntilClosed = async () => {
    const connection = started.connect(asked.path)
    const before = started.app.emulator.message(asked.mId)?.connections ?? 0
    while (started.app.emulator.message(asked.mId)?.connections === before) await new Promise(setImmediate)
    await started.app.close()
    return await connection
  }
  return { ...started, ...asked, record, connectUntilClosed }
}

t.test('rate limits come as 403 and as 429, without Retry-After, as often as ordered', async (t) => {
  const { fault, send } = await startEmulator(t)
  await fault({ kind: 'rate_limit', status: 403, times: 2 }, { kind: 'rate_limit' })
  for (const status of [403, 403, 429]) {
    const response = await send('GET', '/exists')
    t.equal(response.status, status)
    t.notOk(response.headers.has('retry-after'))
    t.match(await response.json(), { error: { type: 'rate_limit_error', message: 'Rate limit exceeded. Please retry later.' } })
  }
  t.equal((await send('GET', '/exists')).status, 200)
})

t.test('a fault strikes only the operation it is aimed at', async (t) => {
  const { fault, send } = await startEmulator(t)
  await fault({ kind: 'rate_limit', operation: 'spaces.list', times: 'always' })
  t.equal((await send('GET', '/exists')).status, 200)
  t.equal((await send('GET', '/spaces')).status, 429)
  t.equal((await send('GET', '/spaces')).status, 429)
})

t.test('errors come as JSON, HTML and text, and the key can turn invalid', async (t) => {
  const { fault, send, sendJson } = await startEmulator(t)
  await fault({ kind: 'error', status: 503, type: 'service_unavailable', message: 'Maintenance.' })
  t.match(await sendJson('GET', '/exists'), { status: 503, body: { error: { type: 'service_unavailable', message: 'Maintenance.' } } })
  await fault({ kind: 'html', status: 502 })
  const page = await send('GET', '/exists')
  t.equal(page.status, 502)
  t.match(page.headers.get('content-type'), /^text\/html/)
  t.match(await page.text(), /^<html>/)
  await fault({ kind: 'text', status: 404 })
  const text = await send('GET', '/exists')
  t.match(text.headers.get('content-type'), /^text\/plain/)
  t.equal(await text.text(), '404 Not Found')
  await fault({ kind: 'invalid_key' })
  t.match(await sendJson('GET', '/exists'), { status: 401, body: { error: { type: 'invalid_api_key_error' } } })
})

t.test('a connection that dies before has no effect; one that dies after or in the answer has', async (t) => {
  const { fault, send, app } = await startEmulator(t)
  const { rooms } = app.emulator.workspace
  await fault({ kind: 'reset' })
  await t.rejects(send('POST', '/assistant/conversations', {}))
  t.equal(rooms.size, 0)
  await fault({ kind: 'reset', when: 'after' })
  await t.rejects(send('POST', '/assistant/conversations', {}))
  t.equal(rooms.size, 1)
  await fault({ kind: 'reset', when: 'mid_answer' })
  const response = await send('POST', '/assistant/conversations', {})
  t.equal(response.status, 200)
  await t.rejects(response.text())
  t.equal(rooms.size, 2)
})

t.test('a slow request is answered in the end', async (t) => {
  const { fault, sendJson } = await startEmulator(t)
  await fault({ kind: 'slow', delayMs: 5 })
  t.same(await sendJson('GET', '/exists'), { status: 200, body: { exists: true } })
})

t.test('a slow request does not hold up closing', async (t) => {
  const { fault, send, app } = await startEmulator(t)
  await fault({ kind: 'slow', delayMs: 600_000 })
  const request = Promise.allSettled([send('GET', '/exists')])
  while (app.emulator.requests().exists !== 1) await new Promise(setImmediate)
  await app.close()
  await request
  t.notOk(app.server.listening)
})

t.test('a stream is cut after some events, between them or inside one', async (t) => {
  const { fault, connect, path } = await startAnswered(t)
  await fault({ kind: 'cut', afterEvents: 3 }, { kind: 'cut', afterEvents: 3, midFrame: true })
  const clean = await connect(path)
  t.ok(clean.isCut)
  t.equal(clean.frames.length, 3)
  t.ok(clean.text.endsWith('\n\n'))
  const torn = await connect(path)
  t.ok(torn.isCut)
  t.equal(torn.frames.length, 3)
  t.notOk(torn.text.endsWith('\n\n'))
  t.notOk((await connect(path)).isCut)
})

t.test('a stream is cut right after its handshake', async (t) => {
  const { fault, connect, path } = await startAnswered(t)
  await fault({ kind: 'cut' })
  t.match(await connect(path), { isCut: true, text: handshake })
})

t.test('a stream says done after some events', async (t) => {
  const { fault, connect, path } = await startAnswered(t)
  await fault({ kind: 'done', afterEvents: 2 })
  const { frames, isDone, isCut } = await connect(path)
  t.equal(frames.length, 2)
  t.ok(isDone)
  t.notOk(isCut)
})

t.test('a silent stream says nothing after the handshake', async (t) => {
  const { fault, connectUntilClosed } = await startAnswered(t)
  await fault({ kind: 'silent' })
  t.equal((await connectUntilClosed()).text, handshake)
})

t.test('a stream falls silent after some events', async (t) => {
  const { fault, connectUntilClosed } = await startAnswered(t)
  await fault({ kind: 'silent', afterEvents: 4 })
  const { frames, isDone } = await connectUntilClosed()
  t.equal(frames.length, 4)
  t.notOk(isDone)
})

t.test('an expired history is gone for good', async (t) => {
  const { fault, connectUntilClosed, app, mId } = await startAnswered(t)
  await fault({ kind: 'expired' })
  t.equal((await connectUntilClosed()).text, handshake)
  t.same(app.emulator.workspace.runs.get(mId)?.events.after(), [])
})

t.test('the handshake can be missing', async (t) => {
  const { fault, connect, path } = await startAnswered(t)
  await fault({ kind: 'no_handshake' })
  t.ok((await connect(path)).text.startsWith('data: {"eventId"'))
})

t.test('a replay can come in small pages', async (t) => {
  const { fault, connect, path } = await startAnswered(t)
  await fault({ kind: 'page', size: 2 })
  t.match(await connect(path), { isDone: true, frames: { length: 2 } })
})

t.test('a stream can be not found, in JSON and in text', async (t) => {
  const { fault, conversations, path } = await startAnswered(t)
  await fault({ kind: 'error', operation: 'messages.events', status: 404, type: 'conversation_not_found', message: 'Not yet.' }, { kind: 'text', operation: 'messages.events', status: 404 })
  const bodies = []
  for (let count = 0; count < 3; count++) {
    const response = await fetch(`${conversations}/${path}/events`, { headers })
    bodies.push(`${response.status} ${await response.text()}`)
  }
  t.equal(bodies[0], '404 {"error":{"type":"conversation_not_found","message":"Not yet."}}')
  t.equal(bodies[1], '404 404 Not Found')
  t.match(bodies[2], /^200 event: dust-handshake/)
})

t.test('the rate of unknown events can be set', async (t) => {
  const { fault, ask, ended, connect } = await startEmulator(t, { pageSize: 10_000 })
  const knownIn = async () => {
    const { path, mId } = await ask('dust', 'Hello?')
    await ended(mId)
    const { frames } = await connect(path)
    return { all: frames.length - 1, known: frames.filter(({ data }) => data.type.startsWith('generation') || data.type === 'agent_message_success').length }
  }
  await fault({ kind: 'unknown_events', rate: 1 })
  const noisy = await knownIn()
  t.equal(noisy.all, 2 * noisy.known)
  await fault({ kind: 'unknown_events', rate: 0 })
  const calm = await knownIn()
  t.equal(calm.all, calm.known)
})

t.test('with random faults every answer can still be read in a bounded number of connections', async (t) => {
  const { fault, ask, ended, connect } = await startEmulator(t)
  const limit = 5
  await fault({ kind: 'random', seed: 3, limit, not_found: 0.1, rate_limit: 0.1, no_handshake: 0.2, page: 0.2, cut: 0.3, cut_mid_frame: 0.3, done: 0.3 })
  let disturbed = 0
  for (let round = 0; round < 40; round++) {
    const { path, mId } = await ask('dust', `Question ${round}`)
    const { content, events } = await ended(mId)
    const frames: Frame[] = []
    let connections = 0
    while (frames.at(-1)?.data.type !== 'end-of-stream') {
      frames.push(...(await connect(path, frames.at(-1)?.eventId)).frames)
      connections++
    }
    if (connections > 1) disturbed++
    t.ok(connections <= limit + 1, `round ${round}: ${connections} connections`)
    t.equal(frames.length, events)
    t.equal(tokensOf(frames), content)
  }
  t.ok(disturbed > 10)
})

t.test('random faults are the same for the same seed', async (t) => {
  const story = async (seed: number) => {
    const { fault, ask, ended, connect } = await startEmulator(t)
    await fault({ kind: 'random', seed, cut: 0.5, done: 0.5 })
    const lengths = []
    for (let round = 0; round < 10; round++) {
      const { path, mId } = await ask('dust', `Question ${round}`)
      await ended(mId)
      lengths.push((await connect(path)).frames.length)
    }
    return lengths
  }
  const first = await story(5)
  t.same(await story(5), first)
  t.notSame(await story(6), first)
})
