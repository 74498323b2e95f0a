import { Redis } from 'ioredis'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { COMPOSE_FILE, readComposition } from '../fixtures/composition.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { connect, until } from '../helper.ts'
import { buildByHand, ByHand } from './by-hand.ts'

const folder = t.testdir({})
const compose = await requireProgram(t, 'docker-compose')
if (compose !== null) await buildByHand(folder)

async function ask (address: string, question: string): Promise<unknown> {
  return (await fetch(address + question)).json()
}

t.test('the services of compose.yaml, started by hand as it says, find each other and work', async (t) => {
  const [prometheus, alertmanager] = [await requireProgram(t, 'prometheus'), await requireProgram(t, 'prometheus-alertmanager')]
  if (compose === null || prometheus === null || alertmanager === null) return
  const byHand = new ByHand(t, readComposition(compose), folder)
  await byHand.prepare('emulator', 'mcp-dust-server', 'prometheus', 'alertmanager')

  for (const name of ['emulator', 'mcp-dust-server']) {
    t.notOk(byHand.isHealthy(name), `${name} is not healthy before it runs`)
    await byHand.startOwn(name)
    t.pass(`${name} is healthy`)
  }
  const { client } = await connect(t, byHand.address('mcp-dust-server'))
  const answer = await client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'dust', message: 'Are you there?' } })
  t.match(answer.structuredContent, { status: 'succeeded', answer: /Are you there/ })
  t.match(await ask(byHand.address('mcp-dust-server'), '/health'), { status: 'ok', checks: { dustApi: { status: 'ok' }, database: { status: 'ok' } } })

  await byHand.startObserver('alertmanager', alertmanager)
  // Its first alerts are before it knows of Alertmanager, and it would send them again after a minute.
  await byHand.startObserver('prometheus', prometheus, '--rules.alert.resend-delay=1s')
  const up = `/api/v1/query?${new URLSearchParams({ query: 'sum by (job) (up)' })}`
  await until(async () => JSON.stringify(await ask(byHand.address('prometheus'), up)).match(/"1"\]/g)?.length === 2)
  t.pass('Prometheus reaches the server and itself')
  await until(async () => JSON.stringify(await ask(byHand.address('alertmanager'), '/api/v2/alerts')).includes('"Watchdog"'))
  t.pass('its alerts reach Alertmanager, which runs without the address of Slack')
})

t.test('with the profile redis, and as the file says, the server has its sessions there', async (t) => {
  const redis = await requireProgram(t, 'redis-server')
  if (compose === null || redis === null) return
  const [, url = ''] = /^# +STORE_URL=(\S+) docker compose .* --profile redis up$/m.exec(readFileSync(COMPOSE_FILE, 'utf8')) ?? []
  const byHand = new ByHand(t, readComposition(compose, { STORE_URL: url }), folder)
  await byHand.prepare('emulator', 'mcp-dust-server', 'redis')
  await byHand.startStore('redis', redis)
  await byHand.startOwn('emulator')
  await byHand.startOwn('mcp-dust-server')
  const { client } = await connect(t, byHand.address('mcp-dust-server'))
  const answer = await client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'dust', message: 'Are you there?' } })
  t.match(answer.structuredContent, { status: 'succeeded' })
  const store = new Redis(byHand.address('redis').replace('http:', 'redis:'), { disableClientInfo: true })
  t.equal(await store.zcard('mcp:sessions'), 1)
  store.disconnect()
})
