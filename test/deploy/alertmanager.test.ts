import path from 'node:path'
import t from 'tap'
import { alertmanagerConfig } from '../../deploy/source/alertmanager.ts'
import { createNames } from '../../deploy/source/names.ts'
import { createRules } from '../../deploy/source/rules.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { DEPLOY, run } from './run-program.ts'

const FILE = path.join(DEPLOY, 'alertmanager', 'alertmanager.yml')

t.test('amtool finds no fault with the configuration', async (t) => {
  const amtool = await requireProgram(t, 'amtool')
  if (amtool === null) return
  const { status, said } = run(amtool, 'check-config', FILE)
  t.equal(status, 0, said)
})

t.test('each alert reaches the receiver of its severity', async (t) => {
  const amtool = await requireProgram(t, 'amtool')
  if (amtool === null) return
  const receivers = { critical: 'slack-critical', warning: 'slack', none: 'null' }
  for (const { alert, labels } of createRules(createNames()).alerts.flatMap((group) => group.rules)) {
    const tested = run(amtool, 'config', 'routes', 'test', `--config.file=${FILE}`, `--verify.receivers=${receivers[labels.severity]}`, `alertname=${alert}`, `severity=${labels.severity}`)
    t.equal(tested.status, 0, `${alert}: ${tested.said}`)
  }
  t.equal(run(amtool, 'config', 'routes', 'test', `--config.file=${FILE}`, 'alertname=Unknown').output.trim(), 'slack', 'and one of somebody else is not lost')
})

t.test('the message is a template that Alertmanager can fill in', async (t) => {
  const amtool = await requireProgram(t, 'amtool')
  if (amtool === null) return
  for (const { slack_configs: configs } of alertmanagerConfig().receivers.filter((receiver) => 'slack_configs' in receiver)) {
    for (const { title, text, color } of configs) {
      const templates = path.join(t.testdir({ 'none.tmpl': '' }), '*.tmpl')
      for (const template of [title, text, color]) {
        const { status, said } = run(amtool, 'template', 'render', `--template.glob=${templates}`, `--template.text=${template}`)
        t.equal(status, 0, said)
      }
    }
  }
})

t.test('no secret is in the file', async (t) => {
  for (const receiver of alertmanagerConfig().receivers) t.notMatch(JSON.stringify(receiver), /api_url"|hooks\.slack/)
})
