import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Test } from 'tap'
import { parse } from 'yaml'
import { ALERTMANAGER, DEFAULTS, SLACK_URL_FILE, TARGET } from '../../deploy/source/names.ts'
import type { Fault } from '../../src/emulator/faults/fault.ts'
import { startEmulatorProcess, startServerProcess, type ServerProcess } from '../e2e/server-process.ts'
import { startAlertmanager } from '../fixtures/alertmanager.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { startPrometheus, type Prometheus } from '../fixtures/prometheus.ts'
import { startSlack, type Slack } from '../fixtures/slack.ts'
import { until } from '../helper.ts'
import { DEPLOY, run } from './run-program.ts'

export interface WatchedService {
  server: ServerProcess
  /** Where its sessions are. */
  storeFile: string
  /** Starts another server in its place, with its sessions. */
  startAgain (): Promise<ServerProcess>
  /** Makes Dust fail in these ways and in no other. */
  setFaults (...faults: Fault[]): Promise<void>
  prometheus: Prometheus
  /** The names of alerts that are underway, told or not. */
  alerts (state: 'active' | 'suppressed'): Promise<string[]>
  slack: Slack
}

interface Options {
  /** How many times faster than in life alerts come and go. */
  speed: number
  /** How long the agents take, as EMULATOR_PACE. */
  pace: number
}

/**
 * The server, Dust, Prometheus and Alertmanager, each as its own process and with the files of `deploy/`, until the test ends.
 * Different from them are durations, which are divided, and addresses: of the server, Alertmanager and Slack.
 * `null` where a program is missing.
 */
export async function startWatchedService (t: Test, { speed, pace }: Options): Promise<WatchedService | null> {
  const programs = { prometheus: await requireProgram(t, 'prometheus'), alertmanager: await requireProgram(t, 'prometheus-alertmanager') }
  if (programs.prometheus === null || programs.alertmanager === null) return null

  const emulator = await startEmulatorProcess(t, { EMULATOR_PACE: String(pace) })
  const folder = t.testdir()
  const storeFile = path.join(folder, 'sessions.db')
  const environment = {
    DUST_BASE_URL: emulator,
    DUST_API_KEY: 'sk-demo',
    DUST_WORKSPACE_ID: 'demo',
    STORE_URL: `sqlite:${storeFile}`,
    // What takes time by default is divided, too.
    HEALTH_CHECK_INTERVAL: `${30_000 / speed}ms`,
    DRAIN_TIMEOUT: `${30_000 / speed}ms`,
    // A busy machine would be reason enough to refuse requests.
    PRESSURE_MAX_EVENT_LOOP_DELAY: '0s'
  }
  const server = await startServerProcess(t, environment)
  const slack = await startSlack(t)

  const generated = run(process.execPath, path.join(DEPLOY, 'source', 'generate.ts'), '--speed', String(speed), '--out', folder)
  if (generated.status !== 0) throw new Error(generated.said)
  const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8')

  const slackUrlFile = path.join(folder, 'slack-url')
  writeFileSync(slackUrlFile, slack.address)
  const alertmanagerFile = path.join(folder, 'alertmanager.yml')
  writeFileSync(alertmanagerFile, read('alertmanager/alertmanager.yml').replaceAll(SLACK_URL_FILE, slackUrlFile))
  mkdirSync(path.join(folder, 'notified'))
  const alertmanager = await startAlertmanager(t, programs.alertmanager, path.join(folder, 'notified'), alertmanagerFile)

  const config = read('prometheus/prometheus.yml').replace(TARGET, new URL(server.address).host).replace(ALERTMANAGER, new URL(alertmanager).host)
  const prometheus = await startPrometheus(t, programs.prometheus, path.join(folder, 'prometheus'), Object(parse(config)))
  // It looks at its targets for the first time after five seconds.
  await until(async () => (await prometheus.query(`up{job="${DEFAULTS.job}"} == 1`)).length > 0)

  return {
    server,
    storeFile,
    startAgain: () => startServerProcess(t, { ...environment, PORT: new URL(server.address).port }),
    setFaults: async (...faults) => {
      const response = await fetch(`${emulator}/_emulator/faults`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ faults }) })
      if (response.status !== 200) throw new Error(`The emulator answered ${response.status}: ${await response.text()}`)
    },
    prometheus,
    alerts: async (state) => {
      const found = await (await fetch(`${alertmanager}/api/v2/alerts`)).json() as Array<{ labels: Record<string, string>, status: { state: string } }>
      return found.filter(({ status }) => status.state === state).map(({ labels }) => String(labels['alertname']))
    },
    slack
  }
}
