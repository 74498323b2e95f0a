import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { initialize, JSON_HEADERS, messagesOf, openSession, post, startServiceAlone, toolCall, until } from '../helper.ts'

/** A tool that says a number each time it is told to, and its answer in the end. */
function addCounter ({ mcp }: FastifyInstance) {
  const steps: Array<() => void> = []
  let isDone = false
  mcp.addTool({ name: 'count', description: 'Counts.', input: Type.Object({}) }, async (_args, { progress }) => {
    for (let number = 1; ; number++) {
      await new Promise<void>((resolve) => { steps.push(resolve) })
      if (isDone) return { text: 'counted' }
      await progress(String(number))
    }
  })
  mcp.addTool({ name: 'leave', description: 'Ends the connection before it answers.', input: Type.Object({}) }, async (_args, { closeStream }) => {
    await closeStream()
    await new Promise<void>((resolve) => { steps.push(resolve) })
    return { text: 'here it is' }
  })
  const next = async (): Promise<void> => {
    await until(() => steps.length > 0)
    steps.shift()?.()
  }
  return {
    next,
    finish: async () => {
      isDone = true
      await next()
    }
  }
}

async function start (t: Test) {
  let counter: ReturnType<typeof addCounter> | undefined
  const running = await startServiceAlone(t, {}, (service) => { counter = addCounter(service) })
  if (counter === undefined) throw new Error('no counter')
  return { ...running, counter, session: await openSession(running.address) }
}

/** Reads a stream as it comes, until the connection is left. */
function read (response: Response, connection: AbortController) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (reader === undefined) throw new Error('no stream')
  let text = ''
  return {
    until: async (words: string): Promise<string> => {
      while (!text.includes(words)) {
        const { value, done } = await reader.read()
        if (done) throw new Error(`The stream ended before "${words}": ${text}`)
        text += value
      }
      return text
    },
    leave: () => { connection.abort() }
  }
}

/** A call that counts and has said "1", and what came of it so far. */
async function beginToCount ({ address, session, counter }: Awaited<ReturnType<typeof start>>) {
  const connection = new AbortController()
  const call = post(address, toolCall(1, 'count', {}, 'p'), session, connection.signal)
  await counter.next()
  const stream = read(await call, connection)
  return { stream, seen: await stream.until('"message":"1"') }
}

function lastId (text: string): string {
  return [...text.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? ''
}

async function resume (address: string, session: Record<string, string>, eventId: string, connection = new AbortController()): Promise<Response> {
  return fetch(`${address}/mcp`, { headers: { ...JSON_HEADERS, ...session, 'last-event-id': eventId }, signal: connection.signal })
}

const said = (text: string): unknown[] => messagesOf(text).map((message) => Object(message).params?.message ?? Object(message).result)

t.test('a client that lost its connection in the middle of a call gets the rest, while the call goes on', async (t) => {
  const started = await start(t)
  const { address, session, counter } = started
  const { stream, seen } = await beginToCount(started)
  t.match(seen, /^id: .+\nretry: \d+\ndata: \n/, 'there is an event to come back from before there is any message')
  stream.leave()
  await counter.next()

  const connection = new AbortController()
  const middle = read(await resume(address, session, lastId(seen), connection), connection)
  const missed = await middle.until('"message":"2"')
  t.same(said(missed), ['2'])
  middle.leave()
  await counter.next()
  await counter.finish()
  const rest = await (await resume(address, session, lastId(missed))).text()
  t.match(said(rest), ['3', { content: [{ text: 'counted' }] }])
})

t.test('the answer waits for a client that comes back after the end, from the first event on', async (t) => {
  const started = await start(t)
  const { address, session, counter } = started
  const { stream, seen } = await beginToCount(started)
  stream.leave()
  await counter.finish()
  const first = /^id: (.+)$/m.exec(seen)?.[1] ?? ''
  let text = ''
  await until(async () => {
    text = await (await resume(address, session, first)).text()
    return text.includes('counted')
  })
  t.match(said(text), ['1', { content: [{ text: 'counted' }] }])
  t.match(said(await (await resume(address, session, first)).text()), ['1', { content: [{ text: 'counted' }] }], 'as often as it wants')
})

t.test('a tool can end the connection; the client comes back for the answer', async (t) => {
  const { address, session, counter } = await start(t)
  const cut = await (await post(address, toolCall(1, 'leave'), session)).text()
  t.same(messagesOf(cut), [])
  t.match(cut, /retry: \d+/)
  const rest = resume(address, session, lastId(cut))
  await counter.next()
  t.match(messagesOf(await (await rest).text()), [{ id: 1, result: { content: [{ text: 'here it is' }] } }])
})

t.test('clients of earlier revisions get ids, but no event without a message, and keep their connection', async (t) => {
  const { address, counter } = await start(t)
  const opened = await post(address, { ...initialize, params: { ...initialize.params, protocolVersion: '2025-06-18' } })
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' }
  const call = post(address, toolCall(1, 'leave'), session)
  await counter.next()
  t.match(await (await call).json(), { id: 1, result: { content: [{ text: 'here it is' }] } })
  const counting = post(address, toolCall(2, 'count', {}, 'p'), session)
  await counter.next()
  await counter.finish()
  const text = await (await counting).text()
  t.notMatch(text, /data: \n/)
  t.equal([...text.matchAll(/^id: /gm)].length, 2)
})

t.test('notices that came while nobody listened are there for a client that listened before', async (t) => {
  const { address, session, service } = await start(t)
  const connection = new AbortController()
  const listening = read(await fetch(`${address}/mcp`, { headers: { ...JSON_HEADERS, ...session }, signal: connection.signal }), connection)
  const seen = await listening.until('retry')
  service.mcp.listChanged('prompts')
  await listening.until('prompts/list_changed')
  listening.leave()
  service.mcp.listChanged('tools')
  const again = new AbortController()
  const rest = read(await resume(address, session, lastId(seen), again), again)
  const text = await rest.until('tools/list_changed')
  t.match(messagesOf(text), [{ method: 'notifications/prompts/list_changed' }, { method: 'notifications/tools/list_changed' }])

  const newest = new AbortController()
  const other = read(await resume(address, session, lastId(text), newest), newest)
  await t.rejects(rest.until('never'), /stream ended/, 'the newest connection takes over')
  service.mcp.listChanged('resources')
  t.match(messagesOf(await other.until('resources/list_changed')), [{ method: 'notifications/resources/list_changed' }])
  other.leave()
})

t.test('an event that nobody knows is a clear error; on the stream for notices there is nothing to be lost', async (t) => {
  const { address, session } = await start(t)
  for (const id of ['', 'x', 'x.1', '../..', '4b0e4a64-2a8a-4c0a-9d70-8f2dd7a0c1c5.7']) {
    const response = await resume(address, session, id)
    t.equal(response.status, 400, id)
    t.match(await response.json(), { error: { code: -32600, message: /Last-Event-ID/ } })
  }
  const connection = new AbortController()
  const response = await resume(address, session, 'standalone.1000', connection)
  t.equal(response.status, 200)
  connection.abort()
})

t.test('after the answer, or a cancel, there is nothing to come back for', async (t) => {
  const started = await start(t)
  const { address, session, counter } = started
  const { stream, seen } = await beginToCount(started)
  await post(address, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }, session)
  await t.rejects(stream.until('never'), /stream ended/)
  t.equal((await resume(address, session, lastId(seen))).status, 400)

  const silent = post(address, toolCall(2, 'leave'), session)
  await post(address, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 2 } }, session)
  t.match(await (await silent).text(), /^(id: .+\nretry: \d+\ndata: \n\n)?$/)

  const counting = post(address, toolCall(3, 'count', {}, 'p'), session)
  // The cancelled calls have waited, too.
  await counter.finish()
  await counter.next()
  await counter.next()
  const text = await (await counting).text()
  t.match(text, 'counted')
  t.equal((await resume(address, session, lastId(text))).status, 400)
})

t.test('streams of a session are nobody else\'s, and end with it', async (t) => {
  const { address, session, counter } = await start(t)
  const cut = await (await post(address, toolCall(1, 'leave'), session)).text()
  const elsewhere = await resume(address, await openSession(address), lastId(cut))
  t.match(messagesOf(await elsewhere.text()), [{ id: 1, error: { code: -32000, message: /nothing is known of this call/ } }], 'whoever waits for it must not wait for ever')
  await counter.next()
  await fetch(`${address}/mcp`, { method: 'DELETE', headers: session })
  t.equal((await resume(address, session, lastId(cut))).status, 404)
})
