import t from 'tap'
import { readComposition } from '../fixtures/composition.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { connect, until } from '../helper.ts'
import { ByHand } from './by-hand.ts'

async function ask (address: string, question: string): Promise<unknown> {
  return (await fetch(address + question)).json()
}

t.test('the services of compose.yaml, started by hand as it says, find each other and work', async (t) => {
  const [compose, prometheus, alertmanager] = [await requireProgram(t, 'docker-compose'), await requireProgram(t, 'prometheus'), await requireProgram(t, 'prometheus-alertmanager')]
  if (compose === null || prometheus === null || alertmanager === null) return
  const byHand = new ByHand(t, readComposition(compose), t.testdir({}))
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
