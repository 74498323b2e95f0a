import Fastify from 'fastify'
import t from 'tap'
import { app, loadConfig } from '../../src/index.ts'
import { startServiceAlone } from '../helper.ts'

const config = loadConfig({ DUST_API_KEY: 'sk-none', DUST_WORKSPACE_ID: 'none', DUST_BASE_URL: 'http://127.0.0.1:9', STORE_URL: 'sqlite::memory:' })

t.test('is one plugin that another Fastify app can take in', async (t) => {
  const host = Fastify()
  t.teardown(() => host.close())
  host.get('/mine', async () => 'mine')
  await host.register(app, { config })
  t.equal((await host.inject('/mine')).body, 'mine')
  t.equal((await host.inject('/livez')).statusCode, 200)
  t.equal((await host.inject({ method: 'PUT', url: '/mcp' })).statusCode, 405)
  t.equal((await host.inject('/nowhere')).json().message, 'Route GET:/nowhere not found', 'its own errors keep their shape')
})

t.test('boots its parts in the order that is written down', async (t) => {
  const host = Fastify()
  t.teardown(() => host.close())
  await host.register(app, { config })
  await host.ready()
  t.match(host.printPlugins(), /config[\s\S]*store[\s\S]*dust[\s\S]*health[\s\S]*mcp[\s\S]*shutdown[\s\S]*tools-agents/)
})

t.test('two of them live in one process', async (t) => {
  const [one, other] = [await startServiceAlone(t), await startServiceAlone(t)]
  for (const { address } of [one, other]) t.equal((await fetch(`${address}/ready`)).status, 200)
})
