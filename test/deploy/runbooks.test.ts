import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { createNames } from '../../deploy/source/names.ts'
import { createRules } from '../../deploy/source/rules.ts'
import { DEPLOY } from './run-program.ts'

const runbooks = readFileSync(path.join(DEPLOY, '..', 'docs', 'runbooks.md'), 'utf8')
const sections = runbooks.split(/^## /m).slice(1)
const rules = createRules(createNames()).alerts.flatMap((group) => group.rules)

t.test('the link of each alert leads to its section, and no section is about an alert that is gone', async (t) => {
  const anchors = sections.map((section) => `docs/runbooks.md#${section.slice(0, section.indexOf('\n')).toLowerCase()}`)
  t.same(anchors.sort(), [...new Set(rules.map(({ annotations }) => annotations.runbook_url))].sort())
})

t.test('each section says what the alert means, how to see it and what to do', async (t) => {
  for (const section of sections) {
    for (const part of ['**Means:**', '**See:**', '**Do:**']) t.ok(section.includes(part), `${section.slice(0, section.indexOf('\n'))} ${part}`)
  }
})
