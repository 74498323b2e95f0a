import { once } from 'node:events'
import { connect as openSocket } from 'node:net'
import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { addTestTools, type TestTools } from '../fixtures/tools.ts'
import { environmentSchema } from '../../src/config/environment.ts'
import { initialize, messagesOf, openSession, post, startServiceAlone, toolCall, until } from '../helper.ts'

const OFF = { PRESSURE_MAX_EVENT_LOOP_DELAY: '0s', PRESSURE_MAX_EVENT_LOOP_UTILIZATION: '0', PRESSURE_MAX_HEAP: '0', PRESSURE_MAX_RSS: '0' }
const BUSY = { ...OFF, PRESSURE_MAX_EVENT_LOOP_UTILIZATION: '0.98' }

/** Adds a route that blocks the event loop in bursts, between which it barely turns, until the returned function is called. */
function addBlockingRoute (t: Test, service: FastifyInstance): () => void {
  let isBlocking = false
  const burst = () => {
    const end = performance.now() + 50
    while (performance.now() < end);
    if (isBlocking) setImmediate(burst)
  }
  service.get('/block', async () => {
    isBlocking = true
    setImmediate(burst)
    return 'blocked'
  })
  const unblock = () => { isBlocking = false }
  t.teardown(unblock)
  return unblock
}

async function startBlockable (t: Test, environment: Record<string, string>) {
  const holder: { unblock?: () => void } = {}
  const running = await startServiceAlone(t, environment, (service) => { holder.unblock = addBlockingRoute(t, service) })
  return { ...running, unblock: () => { holder.unblock?.() } }
}

t.test('a blocked event loop: /mcp refuses, probes and metrics answer, and afterwards all is well', async (t) => {
  const { service, address, unblock } = await startBlockable(t, BUSY)
  await fetch(`${address}/block`)
  await until(() => service.isUnderPressure())

  for (const method of ['POST', 'GET', 'PUT', 'PATCH', 'OPTIONS', 'HEAD']) {
    const hasBody = ['POST', 'PUT', 'PATCH'].includes(method)
    const response = await fetch(`${address}/mcp`, { method, ...(hasBody && { body: JSON.stringify(initialize), headers: { 'content-type': 'application/json' } }) })
    t.equal(response.status, 503, method)
    t.equal(response.headers.get('retry-after'), '10', method)
    t.match(response.headers.get('content-type'), /^application\/json/, method)
    const body = await response.text()
    if (method === 'HEAD') t.equal(body, '')
    else t.same(JSON.parse(body), { jsonrpc: '2.0', error: { code: -32000, message: 'The server is overloaded; try again later' }, id: null }, method)
  }

  t.equal((await fetch(`${address}/mcp`, { method: 'DELETE' })).status, 400, 'ending a session is never refused')
  t.equal((await fetch(`${address}/livez`)).status, 200)
  t.equal((await fetch(`${address}/health`)).status, 200)
  t.equal((await fetch(`${address}/metrics`)).status, 200)
  const ready = await fetch(`${address}/ready`)
  t.equal(ready.status, 503)
  t.match(await ready.json(), { status: 'error', reason: 'overloaded' })
  t.ok(service.isUnderPressure(), 'it was so all the time')

  unblock()
  await until(async () => (await fetch(`${address}/ready`)).status === 200)
  t.equal((await post(address, initialize)).status, 200)
})

t.test('every limit works on its own', async (t) => {
  const limits: Array<Record<string, string>> = [
    { PRESSURE_MAX_EVENT_LOOP_DELAY: '10ms' },
    { PRESSURE_MAX_EVENT_LOOP_UTILIZATION: '0.9' },
    { PRESSURE_MAX_HEAP: '1k' },
    { PRESSURE_MAX_RSS: '1k' }
  ]
  for (const limit of limits) {
    const { service, address, unblock } = await startBlockable(t, { ...OFF, ...limit })
    await fetch(`${address}/block`)
    await until(() => service.isUnderPressure())
    t.equal((await post(address, initialize)).status, 503, Object.keys(limit).join())
    unblock()
  }
})

t.test('0 means no limit', async (t) => {
  const { service, address } = await startBlockable(t, OFF)
  await fetch(`${address}/block`)
  await until(() => service.memoryUsage().eventLoopUtilized > 0.98)
  t.equal((await post(address, initialize)).status, 200)
  t.equal((await fetch(`${address}/ready`)).status, 200)
  t.ok(service.memoryUsage().rssBytes > 0, 'and it is measured all the same')
})

t.test('refuses before the body has come', async (t) => {
  const { service, address } = await startServiceAlone(t, { ...OFF, PRESSURE_MAX_RSS: '1k' })
  await until(() => service.isUnderPressure())
  const socket = openSocket(Number(new URL(address).port), '127.0.0.1')
  t.teardown(() => { socket.destroy() })
  socket.write('POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 1000000000\r\n\r\n{"jsonrpc"')
  const [head] = await once(socket, 'data') as [Buffer]
  t.match(head.toString(), /^HTTP\/1\.1 503 [\s\S]*retry-after: 10[\s\S]*"code":-32000/i)
})

t.test('lets what has begun come to its end', async (t) => {
  const holder: { tools?: TestTools, unblock?: () => void } = {}
  const { service, address } = await startServiceAlone(t, BUSY, (service) => {
    holder.tools = addTestTools(service)
    holder.unblock = addBlockingRoute(t, service)
  })
  const session = await openSession(address)
  const call = post(address, toolCall(1, 'wait'), session)
  await until(() => holder.tools?.begun === 1)
  await fetch(`${address}/block`)
  await until(() => service.isUnderPressure())
  holder.tools?.release()
  const response = await call
  t.equal(response.status, 200)
  const body = await response.text()
  t.match(body.startsWith('{') ? JSON.parse(body) : messagesOf(body).at(-1), { id: 1, result: { content: [{ text: 'waited' }] } })
})

t.test('looks at the last second, not at all the time since the start', async (t) => {
  const { service, address, unblock } = await startBlockable(t, BUSY)
  const since = performance.eventLoopUtilization()
  await fetch(`${address}/block`)
  await until(() => performance.eventLoopUtilization(since).active > 3000)
  unblock()
  await until(() => service.memoryUsage().eventLoopUtilized < 0.3)
  t.ok(performance.eventLoopUtilization(since).utilization > 0.35, 'on average it is still much busier')
})

t.test('by default, work that blocks the event loop again and again is too much', async (t) => {
  const { PRESSURE_MAX_EVENT_LOOP_DELAY = '' } = environmentDefaults()
  const { service, address } = await startServiceAlone(t, { PRESSURE_MAX_EVENT_LOOP_DELAY })
  let isBlocking = true
  t.teardown(() => { isBlocking = false })
  const block = (): void => {
    const until = performance.now() + 400
    while (performance.now() < until);
    if (isBlocking) setImmediate(block)
  }
  block()
  await until(async () => (await post(address, initialize)).status === 503)
  t.ok(service.isUnderPressure())
  isBlocking = false
  await until(async () => (await post(address, initialize)).status === 200)
})

function environmentDefaults (): Record<string, string> {
  return Object.fromEntries(Object.entries(environmentSchema.properties).map(([name, { default: value }]) => [name, String(value)]))
}
