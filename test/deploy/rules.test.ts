import path from 'node:path'
import t from 'tap'
import { createNames } from '../../deploy/source/names.ts'
import { alertCases } from '../../deploy/source/rule-tests.ts'
import { createRules } from '../../deploy/source/rules.ts'
import { RULE_FILES } from '../../deploy/source/prometheus.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { DEPLOY, run } from './run-program.ts'

const names = createNames()
const { alerts } = createRules(names)
const rules = alerts.flatMap((group) => group.rules)
const cases = alertCases(names)
const prometheus = path.join(DEPLOY, 'prometheus')

t.test('promtool finds no fault with the configuration and the rules', async (t) => {
  const promtool = await requireProgram(t, 'promtool')
  if (promtool === null) return
  const config = run(promtool, 'check', 'config', '--lint=all', '--lint-fatal', path.join(prometheus, 'prometheus.yml'))
  t.equal(config.status, 0, config.said)
  t.match(config.said, '2 rule files found')
  for (const file of RULE_FILES) {
    const { status, said } = run(promtool, 'check', 'rules', '--lint=all', '--lint-fatal', path.join(prometheus, file))
    t.equal(status, 0, said)
  }
})

for (const subject of ['recording', ...Object.keys(cases)]) {
  t.test(`the rules make of each course of events what they should: ${subject}`, async (t) => {
    const promtool = await requireProgram(t, 'promtool')
    if (promtool === null) return
    const { status, said } = run(promtool, 'test', 'rules', path.join(prometheus, 'tests', `${subject}.yml`))
    t.equal(status, 0, said)
  })
}

t.test('each alert has a case in which it fires and one in which it does not', async (t) => {
  for (const alert of new Set(rules.map((rule) => rule.alert))) {
    const own = Object.values(cases).flat().filter((candidate) => candidate.alert === alert)
    t.ok(own.some(({ fires }) => fires.length > 0), `${alert} fires`)
    // The watchdog is there to fire always.
    if (alert !== 'Watchdog') t.ok(own.some(({ fires }) => fires.length === 0), `${alert} does not fire`)
  }
})

t.test('each rule of an alert, and not only one of its windows, fires in some case', async (t) => {
  const fired = Object.values(cases).flat().flatMap(({ alert, fires }) => fires.map(({ labels }) => `${alert} ${labels['long'] ?? ''}`))
  t.same(rules.map(({ alert, labels }) => `${alert} ${labels['long'] ?? ''}`).filter((rule) => !fired.includes(rule)), [])
})

t.test('the alerts of the guide are there by their names', async (t) => {
  const known = rules.map(({ alert }) => alert)
  for (const alert of ['HighErrorRate', 'HighLatency', 'HighMemoryUsage', 'HighCPUUsage', 'TooManySessions']) t.ok(known.includes(alert), alert)
})

t.test('each summary is one line without values, each description has them', async (t) => {
  for (const { alert, annotations } of rules) {
    t.match(annotations.summary, /^[^\n{]+$/, `${alert}: ${annotations.summary}`)
    if (!['Watchdog', 'McpDustServerAbsent'].includes(alert)) t.match(annotations.description, /\$labels\.job/, alert)
  }
})
