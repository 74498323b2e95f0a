import path from 'node:path'
import t from 'tap'
import { startAlertmanager } from '../fixtures/alertmanager.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { until } from '../helper.ts'
import { DEPLOY } from './run-program.ts'

type Labels = Record<string, string>

/** Which of these alerts nobody would be told of, once there are as many as expected: Alertmanager takes a moment. */
async function muted (alerts: string, labels: Labels[], expected: number): Promise<string[]> {
  const response = await fetch(alerts, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(labels.map((labels) => ({ labels }))) })
  if (response.status !== 200) throw new Error(`Alertmanager answered ${response.status}: ${await response.text()}`)
  let found: Array<{ labels: Labels, status: { state: string } }> = []
  await until(async () => {
    found = await (await fetch(alerts)).json() as typeof found
    return found.length === labels.length && found.filter(({ status }) => status.state === 'suppressed').length >= expected
  })
  return found.filter(({ status }) => status.state === 'suppressed').map(({ labels }) => [labels['alertname'], labels['instance']].filter(Boolean).join(' ')).sort()
}

const job = 'mcp-dust-server'
const ofJob = (alertname: string, severity: string, more: Labels = {}): Labels => ({ alertname, job, severity, ...more })
const ofInstance = (alertname: string, severity: string, instance: string, more: Labels = {}): Labels => ofJob(alertname, severity, { instance, ...more })

const STORIES = [
  {
    name: 'Dust refuses the key: one alert is enough',
    alerts: [
      ofJob('DustApiUnauthorized', 'critical'), ofJob('DustApiDown', 'critical'), ofJob('DustApiErrors', 'warning'), ofJob('AgentRunErrorBudgetBurn', 'critical', { long: '1h' }),
      ofInstance('HealthCheckStale', 'warning', 'a:5001', { check: 'dustApi' }), ofInstance('HealthCheckStale', 'warning', 'b:5001', { check: 'tickets' }), ofInstance('HighMemoryUsage', 'warning', 'a:5001')
    ],
    muted: ['AgentRunErrorBudgetBurn', 'DustApiDown', 'DustApiErrors', 'HealthCheckStale a:5001']
  },
  {
    name: 'one dead replica mutes only what is said about itself',
    alerts: [ofInstance('McpDustServerDown', 'critical', 'a:5001'), ofInstance('McpDustServerRestarting', 'warning', 'a:5001'), ofInstance('HighMemoryUsage', 'warning', 'b:5001'), ofJob('HighLatency', 'warning')],
    muted: ['McpDustServerRestarting a:5001']
  },
  {
    name: 'a fast burn mutes the slow one, and nothing of another job',
    alerts: [
      ofJob('McpOperationErrorBudgetBurn', 'critical', { long: '1h' }), ofJob('McpOperationErrorBudgetBurn', 'warning', { long: '3d' }),
      ofJob('AgentRunErrorBudgetBurn', 'warning', { long: '3d' }), { ...ofJob('HighLatency', 'warning'), job: 'other' }
    ],
    muted: ['McpOperationErrorBudgetBurn']
  }
]

for (const story of STORIES) {
  t.test(story.name, async (t) => {
    const program = await requireProgram(t, 'prometheus-alertmanager')
    if (program === null) return
    // It has nobody to tell: the file with Slack's address isn't there.
    const alertmanager = await startAlertmanager(t, program, t.testdir(), path.join(DEPLOY, 'alertmanager', 'alertmanager.yml'))
    t.same(await muted(`${alertmanager}/api/v2/alerts`, story.alerts, story.muted.length), story.muted)
  })
}
