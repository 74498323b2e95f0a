import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { mountsOf, readComposition, type ComposeService } from '../fixtures/composition.ts'
import { freePort } from '../fixtures/free-port.ts'
import { readImage } from '../fixtures/image.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { connect, until } from '../helper.ts'
import { run } from './run-program.ts'

const root = path.join(import.meta.dirname, '..', '..')
const SERVICES = ['mcp-dust-server', 'emulator', 'prometheus', 'alertmanager']

/** The same words, with what differs without containers: where the services are, and their folders. */
type Translate = (words: string) => string

/** Ports of this machine for those that the services have in their own network. */
async function translateAddresses (services: Record<string, ComposeService>): Promise<Translate> {
  const ports = new Map<string, string>()
  for (const name of SERVICES) {
    const port = String(services[name]?.ports?.[0]?.split(/[:/]/)[2])
    const own = `127.0.0.1:${await freePort()}`
    for (const host of [name, 'localhost', '127.0.0.1']) ports.set(`${host}:${port}`, own)
  }
  return (words) => words.replace(/[\w.-]+:\d+/g, (address) => ports.get(address) ?? address)
}

/** Node of this test for a container's, which has its port in the environment. */
function onThisMachine ([program, ...args]: string[], translate: Translate): [string, string[]] {
  if (program !== 'node') throw new Error(`Not a command of the image: ${program}`)
  return [process.execPath, args.map(translate)]
}

/** Runs a program until the test ends. */
function start (t: Test, program: string, args: string[], options: { cwd: string, env: NodeJS.ProcessEnv }): void {
  const child = spawn(program, args, { ...options, stdio: 'ignore' })
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
}

/** What a service answers, as JSON. */
async function ask (address: string, question: string): Promise<unknown> {
  return (await fetch(`http://${address}${question}`)).json()
}

t.test('the services of compose.yaml, started by hand as it says, find each other and work', async (t) => {
  const [compose, prometheus, alertmanager] = [await requireProgram(t, 'docker-compose'), await requireProgram(t, 'prometheus'), await requireProgram(t, 'prometheus-alertmanager')]
  if (compose === null || prometheus === null || alertmanager === null) return
  const services = readComposition(compose)
  const translate = await translateAddresses(services)
  const addressOf = (name: string): string => translate(String(services[name]?.ports?.[0]).replace(/^.*:(\d+)\/tcp$/, `${name}:$1`))
  const image = readImage()

  // The image's folder, with what the Dockerfile copies there.
  const app = path.join(t.testdir({ app: { data: {} }, data: {} }), 'app')
  const built = run(process.execPath, path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--project', path.join(root, 'tsconfig.build.json'), '--outDir', path.join(app, 'dist'))
  t.equal(built.status, 0, built.said)
  cpSync(path.join(root, 'package.json'), path.join(app, 'package.json'))

  const startImage = (name: string, port: string): void => {
    const { command = image.command, environment = {} } = services[name] ?? {}
    const told = Object.fromEntries(Object.entries(environment).map(([variable, value]) => [variable, translate(value)]))
    start(t, ...onThisMachine(command, translate), { cwd: app, env: { ...image.environment, ...told, HOST: '127.0.0.1', EMULATOR_HOST: '127.0.0.1', [port]: addressOf(name).split(':')[1] } })
  }
  const isHealthy = (name: string): boolean => {
    const { test = [] } = services[name]?.healthcheck ?? {}
    const [program, args] = onThisMachine(test.length > 0 ? test.slice(1) : image.healthCheck, translate)
    return spawnSync(program, args, { env: { PORT: addressOf(name).split(':')[1] } }).status === 0
  }
  for (const [name, port] of [['emulator', 'EMULATOR_PORT'], ['mcp-dust-server', 'PORT']] as const) {
    t.notOk(isHealthy(name), `${name} is not healthy before it runs`)
    startImage(name, port)
    await until(() => isHealthy(name))
    t.pass(`${name} is healthy`)
  }

  const { client } = await connect(t, `http://${addressOf('mcp-dust-server')}`)
  const answer = await client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'dust', message: 'Are you there?' } })
  t.match(answer.structuredContent, { status: 'succeeded', answer: /Are you there/ })
  t.match(await ask(addressOf('mcp-dust-server'), '/health'), { status: 'ok', checks: { dustApi: { status: 'ok' }, database: { status: 'ok' } } })

  const startObserver = async (name: string, program: string, ...hurry: string[]): Promise<void> => {
    const service = services[name] ?? { image: '' }
    const folder = path.join(path.dirname(app), name)
    let args = service.command ?? []
    for (const { source, target } of mountsOf(service)) {
      const local = path.join(folder, path.basename(source))
      if (path.isAbsolute(source)) cpSync(source, local, { recursive: true })
      else mkdirSync(local)
      args = args.map((word) => word.replace(`=${target}`, `=${local}`))
    }
    const config = path.join(folder, name, `${name}.yml`)
    writeFileSync(config, translate(readFileSync(config, 'utf8')).replaceAll(/(interval|timeout): 1\ds/g, '$1: 1s'))
    start(t, program, [...args, `--web.listen-address=${addressOf(name)}`, '--log.level=error', ...hurry], { cwd: folder, env: {} })
    const probe = translate(String(service.healthcheck?.test.at(-1)))
    await until(async () => (await fetch(probe).catch(() => null))?.status === 200)
  }
  await startObserver('alertmanager', alertmanager)
  // Its first alerts are before it knows of Alertmanager, and it would send them again after a minute.
  await startObserver('prometheus', prometheus, '--rules.alert.resend-delay=1s')

  const up = `/api/v1/query?${new URLSearchParams({ query: 'sum by (job) (up)' })}`
  await until(async () => JSON.stringify(await ask(addressOf('prometheus'), up)).match(/"1"\]/g)?.length === 2)
  t.pass('Prometheus reaches the server and itself')
  await until(async () => JSON.stringify(await ask(addressOf('alertmanager'), '/api/v2/alerts')).includes('"Watchdog"'))
  t.pass('its alerts reach Alertmanager, which runs without the address of Slack')
})
