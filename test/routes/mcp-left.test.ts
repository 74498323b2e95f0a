import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { postStateless } from '../fixtures/stateless.ts'
import { addTestTools, type TestTools } from '../fixtures/tools.ts'
import { readRestlessGauges } from '../fuzz/gauges.ts'
import { openSession, startServiceAlone, until } from '../helper.ts'

t.test('a client that leaves while a hook of an embedder works on its request leaves nothing behind', async (t) => {
  let held = 0
  const holder: { tools?: TestTools } = {}
  const { address } = await startServiceAlone(t, {}, (service) => {
    holder.tools = addTestTools(service)
    service.addHook('preValidation', async ({ headers }, reply) => {
      if (headers['x-leaves'] === undefined) return
      held++
      await once(reply.raw, 'close')
    })
  })
  const session = await openSession(address)
  const headers = { 'x-leaves': 'soon' }
  const requests = [
    (signal: AbortSignal) => postStateless(address, 'tools/call', { name: 'wait' }, { headers, signal }),
    (signal: AbortSignal) => postStateless(address, 'subscriptions/listen', { notifications: { toolsListChanged: true } }, { headers, signal }),
    (signal: AbortSignal) => fetch(`${address}/mcp`, { headers: { accept: 'text/event-stream', ...session, ...headers }, signal })
  ]
  for (const [index, request] of requests.entries()) {
    const client = new AbortController()
    const response = request(client.signal)
    await until(() => held > index)
    client.abort()
    await t.rejects(response)
  }
  await sleep(100)
  t.same(await readRestlessGauges(address), {})
  t.equal(holder.tools?.begun, 0)
})
