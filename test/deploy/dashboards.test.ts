import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import type { DashboardFile, PanelFile, TargetFile } from '../../deploy/source/dashboards/dashboard-file.ts'
import { THRESHOLDS } from '../../deploy/source/dashboards/thresholds.ts'
import { formatValue } from '../../deploy/source/draw/format.ts'
import { firstChoices, interpolate } from '../../deploy/source/draw/interpolate.ts'
import { createNames, OBJECTIVES } from '../../deploy/source/names.ts'
import { createRules } from '../../deploy/source/rules.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { committedDashboards } from './committed-dashboards.ts'
import { lintDashboard } from './lint-dashboard.ts'
import { run } from './run-program.ts'

const dashboards = committedDashboards()
const panels = dashboards.flatMap((dashboard) => dashboard.panels)

t.test('the linter finds no fault with any dashboard', async (t) => {
  t.same(dashboards.map(({ title }) => title).sort(), ['Agents and Dust API', 'HTTP', 'Overview', 'Runtime', 'Sessions'].map((title) => `MCP Dust Server / ${title}`))
  for (const dashboard of dashboards) t.same(lintDashboard(dashboard), [], dashboard.title)
  t.equal(new Set(dashboards.map(({ uid }) => uid)).size, dashboards.length, 'each has an address of its own')
})

/** Ways to spoil a dashboard, by the complaint that must follow. The first panel is a row, the second a graph. */
const SPOILERS: Record<string, (dashboard: DashboardFile, panel: PanelFile, target: TargetFile) => void> = {
  'has no uid that Grafana takes': (dashboard) => { dashboard.uid = 'a'.repeat(41) },
  'is of an old schema': (dashboard) => { dashboard.schemaVersion = 36 },
  'can be edited': (dashboard) => { dashboard.editable = true },
  'has no tag': (dashboard) => { dashboard.tags = [] },
  'has no link to the others': (dashboard) => { dashboard.links = [] },
  'has a panel that Grafana does not have': (_, panel) => { panel.type = 'graph' },
  'has panels with the same id': (_, panel) => { panel.id = 1 },
  'has panels with the same title': ({ panels }, panel) => { panel.title = panels.at(-1)?.title ?? '' },
  'has annotations of a fixed source': ({ annotations }) => { for (const annotation of annotations.list) delete annotation.datasource },
  'has no choice of the data source': ({ templating }) => { templating.list.shift() },
  'has no choice of jobs': ({ templating }) => { for (const variable of templating.list) variable.multi = false },
  'has no choice of instances': ({ templating }) => { for (const variable of templating.list) variable.allValue = '.+' },
  'is beyond the edge': (_, { gridPos }) => { gridPos.w = 25 },
  'lies over': (_, { gridPos }) => { gridPos.x = 1 },
  'has no title': (_, panel) => { panel.title = '' },
  'has no description': (_, panel) => { delete panel.description },
  'has no unit': (_, panel) => { delete panel.fieldConfig?.defaults.unit },
  'has a fixed source': (_, panel) => { panel.datasource = { type: 'prometheus', uid: 'abc' } },
  'asks nothing': (_, panel) => { panel.targets = [] },
  'has queries with the same refId': (_, panel, target) => { panel.targets = [target, target] },
  'has no legend': (_, __, target) => { target.legendFormat = '' },
  'selects nothing': (_, __, target) => { target.expr = 'vector(1)' },
  'is not of the chosen jobs': (_, __, target) => { target.expr = target.expr.replace('job=~"$job"', 'job="mine"') },
  'is not of the chosen instances': (_, __, target) => { target.expr = target.expr.replace(',instance=~"$instance"', '') },
  'does not make a rate of a counter': (_, __, target) => { target.expr = target.expr.replace('rate(', '(') },
  'has a window that nobody is told of': (_, __, target) => { target.expr = target.expr.replace('$__rate_interval', '5m') },
  'has a legend with a label that is summed away': (_, __, target) => { target.legendFormat = '{{instance}}' }
}

for (const [complaint, spoil] of Object.entries(SPOILERS)) {
  t.test(`the linter complains of a dashboard that ${complaint}`, async (t) => {
    const dashboard = committedDashboards().find(({ uid }) => uid.endsWith('-http'))
    const panel = dashboard?.panels[1]
    const target = panel?.targets?.[0]
    if (dashboard === undefined || panel === undefined || target === undefined) throw new Error('There is no dashboard of HTTP with a graph at its top')
    spoil(dashboard, panel, target)
    t.ok(lintDashboard(dashboard).some((said) => said.includes(complaint)), complaint)
  })
}

t.test('promtool can read every query', async (t) => {
  const promtool = await requireProgram(t, 'promtool')
  if (promtool === null) return
  const queries = [...panels.flatMap(({ targets = [] }) => targets), ...dashboards.flatMap(({ annotations }) => annotations.list)].map(({ expr = '' }) => interpolate(expr, '1m'))
  const file = path.join(t.testdir(), 'queries.yml')
  const check = (queries: string[]) => {
    writeFileSync(file, stringify({ groups: [{ name: 'queries', rules: queries.map((expr, index) => ({ record: `query:number${index}`, expr })) }] }))
    return run(promtool, 'check', 'rules', file)
  }
  const { status, said } = check(queries)
  t.equal(status, 0, said)
  t.match(said, `${queries.length} rules found`)
  t.not(check([`${queries[0]})`]).status, 0, 'and it would tell')
})

t.test('the limits in the panels are those of the alerts that they name', async (t) => {
  const rules = createRules(createNames()).alerts.flatMap((group) => group.rules)
  const colors = { critical: 'red', warning: 'orange', none: 'text' }
  const named = panels.flatMap((panel) => {
    const [, alert] = /The limit is that of the alert (\w+)\.$/.exec(panel.description ?? '') ?? []
    return alert === undefined ? [] : [{ panel, alert }]
  })
  t.same([...new Set(named.map(({ alert }) => alert))].sort(), Object.keys(THRESHOLDS).sort(), 'each that can be drawn is')
  for (const { panel: { title, fieldConfig }, alert } of named) {
    const rule = rules.find((candidate) => candidate.alert === alert)
    const [, limit = ''] = /> (\(.+? \* .+?\)|[\d.]+)(?:\n|$)/.exec(rule?.expr ?? '') ?? []
    const value = limit.replaceAll(/[()]/g, '').split(' * ').map(Number).reduce((product, factor) => product * factor)
    const step = fieldConfig?.defaults.thresholds?.steps.at(-1)
    t.equal(step?.color, colors[rule?.labels.severity ?? 'none'], `${title} has the colour of ${alert}`)
    t.ok(Math.abs((step?.value ?? NaN) - value) < 1e-9, `${title} has the limit of ${alert}: ${limit}`)
  }
})

t.test('no panel is green while more fails than an objective allows, for a slower window of the alert may fire', async (t) => {
  const budgets = { McpOperationErrorBudgetBurn: OBJECTIVES.operations.budget, AgentRunErrorBudgetBurn: OBJECTIVES.runs.budget }
  for (const [alert, budget] of Object.entries(budgets)) {
    const found = panels.filter(({ description }) => description?.endsWith(`the alert ${alert}.`))
    t.ok(found.length > 1, alert)
    for (const { title, fieldConfig } of found) t.match(fieldConfig?.defaults.thresholds?.steps, [{ color: 'green' }, { value: budget, color: 'orange' }, { color: 'red' }], title)
  }
})

t.test('what is drawn is what a dashboard shows when it is opened', async (t) => {
  const asked: string[] = []
  const labelValues = async (series: string, label: string): Promise<string[]> => {
    asked.push(`${label} of ${series}`)
    return ['10.0.0.1:5001', 'other:5001']
  }
  for (const dashboard of dashboards) {
    const expr = interpolate('up{job=~"$job",instance=~"$instance"}', '1m', await firstChoices(dashboard, labelValues))
    t.equal(expr, String.raw`up{job=~"mcp-dust-server",instance=~"10\\.0\\.0\\.1:5001|other:5001"}`, 'Prometheus itself is no instance of the service')
  }
  t.same([...new Set(asked)], ['instance of mcp_dust_server_build_info{job=~"mcp-dust-server"}'])
})

t.test('Instances up is green only while all of them are', async (t) => {
  const panel = panels.find(({ title }) => title === 'Instances up')
  t.match(panel?.targets, [{ expr: 'avg(up{job=~"$job"})' }])
  t.same(panel?.fieldConfig?.defaults.thresholds?.steps, [{ value: null, color: 'red' }, { value: 1, color: 'green' }])
})

t.test('values are written with their units', async (t) => {
  const written: Array<[number, string, string]> = [
    [0.072, 'percentunit', '7.2%'], [80, 'percent', '80%'], [0.00042, 's', '420 µs'], [90, 's', '1.5 min'], [0, 's', '0 s'],
    [1536, 'bytes', '1.5 KiB'], [12_345, 'short', '12.3 K'], [0.05, 'reqps', '0.05 req/s'], [4000, 'epm', '4 K evts/m'], [3, 'none', '3']
  ]
  for (const [value, unit, text] of written) t.equal(formatValue(value, unit), text)
  for (const { fieldConfig } of panels) t.type(formatValue(1, fieldConfig?.defaults.unit ?? 'none'), 'string')
  t.throws(() => formatValue(1, 'furlongs'), /furlongs/)
})
