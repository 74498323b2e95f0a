import t from 'tap'
import { readMetrics, type MetricsPage } from '../fixtures/metrics.ts'
import { connect, until } from '../helper.ts'
import { keepUsing } from './healthy-clients.ts'
import { startWatchedService } from './watched-service.ts'

// The long answers alone take more than a minute.
t.setTimeout(300_000)

/** How many agent runs ended so, those that took longer than a minute apart. */
function runsOf (metrics: MetricsPage, outcome: string) {
  const runs = 'mcp_dust_server_agent_run_duration_seconds'
  const all = metrics.value(`${runs}_count`, { outcome })
  const short = metrics.value(`${runs}_bucket`, { outcome, le: 60 })
  return { short, long: all - short }
}

t.test('nobody is told anything in ten minutes of healthy traffic, with answers of a minute and a restart', async (t) => {
  const watched = await startWatchedService(t, { speed: 10, pace: 3.4 })
  if (watched === null) return
  const { server, startAgain, prometheus, alerts, slack } = watched
  const { address } = server
  const namesOf = async (selector: string) => (await prometheus.query(`group by (alertname) (max_over_time(${selector}[1h]))`)).map(({ metric }) => metric['alertname']).sort()

  await keepUsing(t, address)
  await until(async () => runsOf(await readMetrics(address), 'success').short >= 5)
  server.child.kill('SIGTERM')
  t.match(await server.ended, { code: 0 })
  await startAgain()

  const { client } = await connect(t, address)
  const essay = { name: 'dust_ask_agent', arguments: { agent: 'essayist', message: 'How should we plan the move to the new office?' } }
  const answers = await Promise.all([
    client.callTool(essay, undefined, { onprogress: () => {}, resetTimeoutOnProgress: true }),
    client.callTool(essay, undefined, { timeout: 200_000 })
  ])
  for (const { structuredContent } of answers) t.match(structuredContent, { status: 'succeeded' })

  const metrics = await readMetrics(address)
  t.comment(metrics.nonZero('mcp_dust_server_agent_run_duration_seconds_count'), metrics.nonZero('mcp_dust_server_http_requests_total'))
  t.ok(runsOf(metrics, 'success').long >= 2, 'both answers took more than a minute')
  for (const outcome of ['success', 'cancelled', 'waiting']) t.ok(runsOf(metrics, outcome).short > 0, outcome)
  for (const status of [200, 400, 404]) t.ok(metrics.value('mcp_dust_server_http_requests_total', { method: 'POST', path: '/mcp', status }) > 0, `${status}`)

  const { data } = await (await fetch(`${prometheus.address}/api/v1/rules`)).json() as { data: { groups: Array<{ rules: Array<{ name: string, health: string }> }> } }
  const rules = data.groups.flatMap((group) => group.rules)
  t.same(rules.filter(({ health }) => health !== 'ok'), [], `${rules.length} rules are understood`)
  const [looks] = await prometheus.query('count_over_time(ALERTS{alertname="Watchdog"}[1h])')
  t.ok(Number(looks?.value[1]) >= 40, `${looks?.value[1]} looks at the rules, one in each quarter of a minute`)
  t.same(await namesOf('ALERTS{alertstate="firing"}'), ['Watchdog'])
  t.comment('on the way to fire, for a while:', await namesOf('ALERTS{alertstate="pending"}'))
  t.same({ active: await alerts('active'), suppressed: await alerts('suppressed') }, { active: ['Watchdog'], suppressed: [] })
  t.same(slack.messages, [])
})
