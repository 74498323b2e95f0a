import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { form, roots, sample } from '../../conformance/questions.ts'
import { readMetrics } from '../../fixtures/metrics.ts'
import { startServiceAlone, until } from '../../helper.ts'
import { CLIENTS, connectAs } from './connect-as.ts'
import { connectSdk2 } from './sdk-v2.ts'

/** One of everything that a plugin can offer. */
function offerEverything ({ mcp }: FastifyInstance): void {
  mcp.addTool({ name: 'echo', description: 'Gives back what it got.', input: Type.Object({ text: Type.String() }), output: Type.Object({ text: Type.String() }) }, ({ text }) => ({ structured: { text } }))
  mcp.addTool({ name: 'curious', description: 'Asks a person, a model and for folders.', input: Type.Object({}) }, async (_args, operation) => {
    const { name } = Object((await operation.ask('name', form('Who are you?', { name: { type: 'string' } }))).content)
    const { capital, folders } = await operation.askAll({ capital: sample('The capital of France?'), folders: roots() })
    return { text: `${name}, ${Object(capital.content).text}, ${folders.roots[0]?.uri}` }
  })
  mcp.addTool({ name: 'chatty', description: 'Logs on two levels.', input: Type.Object({}) }, async (_args, { log }) => {
    await log('debug', 'fine')
    await log('warning', 'careful')
    return { text: 'done' }
  })
  mcp.addResource({ uri: 'shop://hours', name: 'hours' }, () => ({ text: '9 to 5' }))
  mcp.addResourceTemplate({ uriTemplate: 'shop://items/{number}', name: 'item' }, ({ number }) => ({ text: `item ${number}` }))
  mcp.addPrompt({
    name: 'greet',
    input: Type.Object({ city: Type.String() }),
    complete: { city: (typed) => ['Paris', 'Prague', 'Rome'].filter((city) => city.startsWith(typed)) }
  }, ({ city }) => `Hello ${city}`)
}

for (const { kind, revision } of CLIENTS) {
  t.test(`${kind} agrees on ${revision}, reads all lists and uses what is on them`, async (t) => {
    const { address } = await startServiceAlone(t, {}, offerEverything)
    const client = await connectAs(t, kind, address)
    t.equal(client.revision, revision)
    const tools = await client.tools()
    for (const name of ['dust_list_agents', 'dust_ask_agent', 'echo', 'curious', 'chatty']) t.ok(tools.includes(name), name)
    t.same(await client.call('echo', { text: 'hi' }), { text: '{"text":"hi"}', structured: { text: 'hi' }, isError: false })
    t.match(await client.call('echo', { text: 5 }), { isError: true, text: /Invalid arguments for echo/ })
    await t.rejects(client.call('nothing', {}), { message: /Unknown tool: nothing/ })
    t.ok((await client.resources()).includes('shop://hours'))
    t.ok((await client.templates()).includes('shop://items/{number}'))
    t.equal(await client.read('shop://hours'), '9 to 5')
    t.equal(await client.read('shop://items/7'), 'item 7')
    await t.rejects(client.read('shop://nothing'), { message: /Resource not found/ })
    t.ok((await client.prompts()).includes('greet'))
    t.equal(await client.prompt('greet', { city: 'Rome' }), 'Hello Rome')
    t.same(await client.complete('greet', 'city', 'P'), ['Paris', 'Prague'])
  })

  t.test(`${kind} is asked for a person's words, its model's and its folders`, async (t) => {
    const { address } = await startServiceAlone(t, {}, offerEverything)
    t.match(await (await connectAs(t, kind, address)).call('curious', {}), { text: 'Ada, Paris, file:///home/ada', isError: false })
  })

  t.test(`${kind} gets the logs of the level that it wants`, async (t) => {
    const { address } = await startServiceAlone(t, {}, offerEverything)
    const levels: string[] = []
    const client = await connectAs(t, kind, address, { onLog: (level) => { levels.push(level) } })
    await client.setLogLevel('warning')
    await client.call('chatty', {})
    t.same(levels, ['warning'])
    await client.setLogLevel('debug')
    await client.call('chatty', {})
    t.same(levels, ['warning', 'debug', 'warning'])
  })

  t.test(`${kind} is told of tools that come and go`, async (t) => {
    const { address, service } = await startServiceAlone(t, {}, offerEverything)
    const lists: string[][] = []
    await connectAs(t, kind, address, { onTools: (names) => { lists.push(names) } })
    await until(() => isListening(address))
    service.mcp.removeTool('echo')
    await until(() => lists.length > 0)
    t.notOk(lists.at(-1)?.includes('echo'))
    service.mcp.addTool({ name: 'newcomer', description: 'Is new.', input: Type.Object({}) }, () => ({ text: 'hello' }))
    await until(() => lists.at(-1)?.includes('newcomer') === true)
  })

  t.test(`${kind} is told of the resource that it watches, and of no other`, async (t) => {
    const { address, service } = await startServiceAlone(t, {}, offerEverything)
    const updated: string[] = []
    const client = await connectAs(t, kind, address)
    await client.watch('shop://hours', (uri) => { updated.push(uri) })
    await until(() => isListening(address))
    service.mcp.resourceUpdated('shop://items/7')
    service.mcp.resourceUpdated('shop://hours')
    await until(() => updated.length > 0)
    t.same(updated, ['shop://hours'])
  })
}

t.test('clients that can not be asked are told what is missing', async (t) => {
  const { address } = await startServiceAlone(t, {}, offerEverything)
  for (const { kind, era } of CLIENTS) {
    const client = await connectAs(t, kind, address, { canAnswer: false })
    if (era === 'session') t.match(await client.call('curious', {}), { isError: true, text: /a client with the capability elicitation/ }, kind)
    else await t.rejects(client.call('curious', {}), { code: -32021, data: { requiredCapabilities: { elicitation: {} } } }, kind)
  }
})

t.test('a client that insists on a revision which is unknown here is told the known one', async (t) => {
  const { address } = await startServiceAlone(t)
  await t.rejects(connectSdk2(t, address, {}, { pin: '2099-01-01' }), { code: -32022, data: { supported: ['2026-07-28'], requested: '2099-01-01' } })
})

/** Whether a stream for notices is open: it's opened beside the connecting itself. */
async function isListening (address: string): Promise<boolean> {
  const metrics = await readMetrics(address)
  return Object.keys(metrics.nonZero('mcp_dust_server_sse_streams_open')).length > 0
}
