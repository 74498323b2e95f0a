import t from 'tap'
import { readEvents, readStream } from '../fixtures/event-reader.ts'
import { readMetrics } from '../fixtures/metrics.ts'
import { openSession, post, toolCall, until } from '../helper.ts'
import { askAgent, faultsOf, piecesOf } from './agent-call.ts'
import { startCluster } from './replica-cluster.ts'
import { connectWandering } from './wandering-client.ts'

const SESSIONS = 'mcp_dust_server_active_sessions'

const methodsOf = (messages: readonly unknown[]): unknown[] => messages.map((message) => Object(message).method)

const cluster = await startCluster(t, 2)
if (cluster !== null) {
  const { dust, addresses } = cluster
  const [one = '', other = ''] = addresses
  t.beforeEach(() => { dust.pace.factor = 0 })

  t.test('a client whose requests take turns is served as by one server', async (t) => {
    const { client, landings, errors } = await connectWandering(t, addresses)
    dust.pace.factor = 0.02
    const call = askAgent(client, 'essayist', 'What is quality?')
    const { tools } = await client.listTools()
    t.ok(tools.some(({ name }) => name === 'interview'))
    t.same(await faultsOf(call, dust), [])
    t.ok(piecesOf(call.progress).length > 1, 'the answer grew')
    const structured = await call.answer
    const next = await client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'dust', message: 'And then?', conversationId: structured['conversationId'] } })
    t.match(next.structuredContent, { status: 'succeeded', answer: /What is quality\?/ })
    t.same(new Set(landings.map(({ at }) => at)), new Set([0, 1]))
    t.same(errors, [])
  })

  t.test('a person\'s answer lands at the other replica', async (t) => {
    const asked: string[] = []
    const { client, landings, pins, errors } = await connectWandering(t, addresses, {}, async (message) => {
      asked.push(message)
      return { action: 'accept', content: message === 'What about?' ? { topic: 'What are bridges?' } : { verdict: 'keep' } }
    })
    Object.assign(pins, { 'tools/call': 0, answer: 1 })
    const { structuredContent } = await client.callTool({ name: 'interview', arguments: { agent: 'dust' } })
    t.match(structuredContent, { verdict: 'keep', answer: /What are bridges\?/ })
    t.same(asked, ['What about?', 'Keep the answer?'])
    t.equal(landings.filter(({ what, at }) => what === 'answer' && at === 1).length, 2)
    t.same(errors, [])
  })

  t.test('a cancel lands at the other replica', async (t) => {
    dust.pace.factor = 1
    const { client, pins } = await connectWandering(t, addresses)
    Object.assign(pins, { 'tools/call': 0, 'notifications/cancelled': 1 })
    const cancel = new AbortController()
    const call = client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'essayist', message: 'What is a cancel?' } }, undefined, { signal: cancel.signal, onprogress: () => { cancel.abort() } })
    await t.rejects(call)
    await until(() => dust.cancels.length > 0)
    t.equal(dust.message(dust.cancels.at(-1)?.messageId ?? '')?.status, 'cancelled')
    t.equal(dust.cancels.length, 1)
  })

  t.test('what a client wishes at one replica counts at the other, which knew the session before', async (t) => {
    const { client, pins, notices } = await connectWandering(t, addresses)
    const chatter = async (at: number): Promise<string> => {
      pins['tools/call'] = at
      notices.length = 0
      await client.callTool({ name: 'chatter' })
      return notices.map(({ params }) => String(Object(params).level)).join()
    }
    for (const at of [0, 1]) t.equal(await chatter(at), 'warning')
    for (const [level, at, heard] of [['debug', 0, 'debug,warning'], ['error', 1, ''], ['warning', 0, 'warning']] as const) {
      pins['logging/setLevel'] = at
      await client.setLoggingLevel(level)
      t.equal(await chatter(at), heard, `${level}, where it was said`)
      await until(async () => await chatter(1 - at) === heard)
    }
  })

  t.test('a notice comes once, wherever it happens and wherever the client listens', async (t) => {
    for (const listening of [0, 1]) {
      const { client, pins, notices } = await connectWandering(t, addresses, { GET: listening })
      const change = async (at: number, what: Record<string, unknown>): Promise<void> => {
        pins['tools/call'] = at
        await client.callTool({ name: 'change', arguments: what })
      }
      /** What is heard of a change at each of them, up to one that is always heard. */
      const hear = async (what: Record<string, unknown>): Promise<string[]> => {
        notices.length = 0
        for (const at of [0, 1]) {
          await change(at, what)
          await change(at, { list: 'tools' })
        }
        const isTools = ({ method }: { method: string }): boolean => method === 'notifications/tools/list_changed'
        await until(() => notices.filter(isTools).length >= addresses.length)
        return notices.filter((notice) => !isTools(notice)).map(({ method, params }) => String(Object(params).uri ?? method))
      }
      for (const list of ['prompts', 'resources']) t.same(await hear({ list }), addresses.map(() => `notifications/${list}/list_changed`))
      for (const at of [0, 1]) {
        Object.assign(pins, { 'resources/subscribe': at, 'resources/unsubscribe': 1 - at })
        await client.subscribeResource({ uri: 'shop://hours' })
        await until(async () => (await hear({ resource: 'shop://hours' })).length > 0)
        t.same(await hear({ resource: 'shop://hours' }), ['shop://hours', 'shop://hours'])
        t.same(await hear({ resource: 'shop://items/7' }), [])
        await client.unsubscribeResource({ uri: 'shop://hours' })
        await until(async () => (await hear({ resource: 'shop://hours' })).length === 0)
      }
    }
  })

  t.test('of two streams for notices the newer one counts, at whichever replica', async (t) => {
    const session = await openSession(one)
    for (const [older, newer] of [[one, other], [other, one], [one, one]] as const) {
      const left = await readStream(older, session)
      const taken = await readStream(newer, session)
      await until(() => left.isEnded)
      await post(older, toolCall(1, 'change', { list: 'prompts' }), session)
      await until(() => taken.messages.length > 0)
      t.same(methodsOf(taken.messages), ['notifications/prompts/list_changed'])
      t.same(left.messages, [])
      taken.leave()
    }
  })

  t.test('a call\'s stream goes on at the other replica, while it runs and after its end', async (t) => {
    dust.pace.factor = 1
    const session = await openSession(one)
    const question = 'What is a stream?'
    const call = await readEvents((signal) => post(one, toolCall(1, 'dust_ask_agent', { agent: 'essayist', message: question }, 'token'), session, signal))
    const textIn = (messages: readonly unknown[]): string => piecesOf(messages.filter((message) => Object(message).method === 'notifications/progress').map((message) => Object(message).params)).join('')
    await until(() => textIn(call.messages) !== '')
    call.leave()
    const [first = '', last = ''] = [call.ids[0], call.ids.at(-1)]
    const middle = await readStream(other, session, last)
    await until(() => textIn(middle.messages) !== '')
    middle.leave()
    const run = [...dust.workspace.runs.values()].find(({ order }) => order.prompt === question)
    dust.pace.factor = 0
    await run?.finished
    const end = await readStream(other, session, middle.ids.at(-1))
    await until(() => end.isEnded)
    t.equal(textIn([...call.messages, ...middle.messages, ...end.messages]), run?.message.content, 'every piece came, and came once')
    t.match(end.messages.at(-1), { id: 1, result: { structuredContent: { status: 'succeeded', answer: run?.message.content } } })
    for (const address of addresses) {
      const whole = await readStream(address, session, first)
      await until(() => whole.isEnded)
      t.same(whole.messages, [...call.messages, ...middle.messages, ...end.messages], 'all of it again')
    }
  })

  t.test('a session that is ended at one replica is over at the other, and so are its calls', async (t) => {
    dust.pace.factor = 1
    const session = await openSession(one)
    const cancels = dust.cancels.length
    const call = await readEvents((signal) => post(one, toolCall(1, 'dust_ask_agent', { agent: 'essayist', message: 'What is an end?' }, 'token'), session, signal))
    const notices = await readStream(one, session)
    await until(() => call.messages.length > 1)
    t.equal((await fetch(`${other}/mcp`, { method: 'DELETE', headers: session })).status, 200)
    await until(() => call.isEnded && notices.isEnded && dust.cancels.length > cancels)
    t.equal(dust.message(dust.cancels.at(-1)?.messageId ?? '')?.status, 'cancelled')
    for (const address of addresses) t.equal((await post(address, { jsonrpc: '2.0', id: 2, method: 'ping' }, session)).status, 404)
  })

  t.test('each session is counted once', async (t) => {
    const count = async (): Promise<number> => {
      const pages = await Promise.all(addresses.map((address) => readMetrics(address)))
      return pages.map((page) => page.value(SESSIONS)).reduce((sum, sessions) => sum + sessions, 0)
    }
    const before = await count()
    const opened = await Promise.all([one, one, other].map((address) => openSession(address)))
    for (const session of opened) for (const address of addresses) await post(address, { jsonrpc: '2.0', id: 1, method: 'ping' }, session)
    t.equal(await count(), before + 3)
    for (const session of opened) await fetch(`${other}/mcp`, { method: 'DELETE', headers: session })
    t.equal(await count(), before)
  })
}
