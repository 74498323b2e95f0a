import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { ALERTMANAGER, SLACK_URL_FILE, TARGET } from '../../deploy/source/names.ts'
import { loadConfig } from '../../src/config.ts'
import { environmentSchema } from '../../src/config/environment.ts'
import { parseDuration } from '../../src/config/units.ts'
import { readEnvironment } from '../../src/emulator/environment.ts'
import { version } from '../../src/version.ts'
import { COMPOSE_FILE, mountsOf, readComposition, runCompose, type ComposeService, type Mount } from '../fixtures/composition.ts'
import { readImage } from '../fixtures/image.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { DEPLOY } from './run-program.ts'

const OWN_IMAGE = `mcp-dust-server:${version}`
/** What the server takes for closing after its last call. */
const CLOSING_MS = 10_000

let withoutSettings: Map<string, ComposeService> | undefined

/** The services by name; none where docker-compose isn't installed. It takes a second, so without settings it's asked once. */
async function services (t: Test): Promise<Map<string, ComposeService>> {
  const compose = await requireProgram(t, 'docker-compose')
  if (compose === null) return new Map()
  withoutSettings ??= new Map(Object.entries(readComposition(compose)))
  return withoutSettings
}

/** What Grafana is told at its start. */
function provisioned (subject: string): Array<Record<string, unknown>> {
  const folder = path.join(DEPLOY, 'grafana', 'provisioning', subject)
  return readdirSync(folder).map((file) => Object(parse(readFileSync(path.join(folder, file), 'utf8'))) as Record<string, unknown>)
}

function isOfMachine ({ source }: Mount): boolean {
  return path.isAbsolute(source)
}

t.test('docker-compose accepts the file, and would not with a key misspelt', async (t) => {
  const compose = await requireProgram(t, 'docker-compose')
  if (compose === null) return
  const { status, said } = runCompose(compose, COMPOSE_FILE)
  t.equal(status, 0, said)
  const misspelt = path.join(t.testdir(), 'compose.yaml')
  writeFileSync(misspelt, readFileSync(COMPOSE_FILE, 'utf8').replaceAll('mem_limit:', 'memlimit:'))
  t.not(runCompose(compose, misspelt).status, 0)
})

t.test('each image has a version, ours that of the package', async (t) => {
  for (const [name, { image }] of await services(t)) {
    t.match(image, /^[a-z/-]+:v?\d+\.\d+\.\d+(-\w+)?$/, name)
    if (image.startsWith('mcp-dust-server')) t.equal(image, OWN_IMAGE, name)
  }
})

t.test('no port is open to other machines', async (t) => {
  for (const [name, { ports = [] }] of await services(t)) {
    for (const port of ports) t.match(port, /^127\.0\.0\.1:(\d+):\1\/tcp$/, name)
  }
})

t.test('each service is watched, started anew and bounded', async (t) => {
  for (const [name, { image, command, healthcheck, ...limits }] of await services(t)) {
    const isImagesOwn = image === OWN_IMAGE && command === undefined && readImage().healthCheck.length > 0
    t.ok(isImagesOwn || healthcheck?.test[0] === 'CMD', `${name} has a health check`)
    t.match(limits, { mem_limit: /^\d+m$/, cpus: Number, restart: 'unless-stopped' }, name)
  }
})

t.test('what is mounted from the repository is there and can not be changed', async (t) => {
  for (const [name, service] of await services(t)) {
    for (const { source, target, mode } of mountsOf(service).filter(isOfMachine)) {
      t.ok(existsSync(source), `${name}: ${source}`)
      t.ok(source.startsWith(DEPLOY), `${name}: ${source}`)
      t.equal(mode, 'ro', `${name}: ${target}`)
    }
  }
})

t.test('each file that a container is told of is in a mounted folder', async (t) => {
  const inContainer = (service: ComposeService | undefined, file: string): string | undefined => {
    const mount = service && mountsOf(service).find(({ target }) => file.startsWith(`${target}/`))
    return mount?.source + file.slice(mount?.target.length)
  }
  const found = await services(t)
  if (found.size === 0) return
  for (const [name, { command = [], environment = {} }] of found) {
    const words = [...command.map((word) => word.replace(/^--[\w.-]+=/, '')), ...Object.values(environment)]
    for (const file of words.filter((word) => /^\/etc\/.*\.\w+$/.test(word))) {
      t.ok(existsSync(String(inContainer(found.get(name), file))), `${name}: ${file}`)
    }
  }
  t.equal(inContainer(found.get('alertmanager'), SLACK_URL_FILE), path.join(DEPLOY, 'alertmanager', 'secrets', 'slack-url'))
})

t.test('no secret of Alertmanager can be committed by mistake', async (t) => {
  t.match(readFileSync(path.join(DEPLOY, '..', '.gitignore'), 'utf8'), /^deploy\/alertmanager\/secrets\/$/m)
})

t.test('the server gets settings that it knows and accepts', async (t) => {
  const server = (await services(t)).get('mcp-dust-server')
  if (server === undefined) return
  const environment = { ...readImage().environment, ...server.environment }
  for (const name of Object.keys(server.environment ?? {})) t.ok(name in environmentSchema.properties, name)
  const { server: { host, shutdownDelayMs, drainTimeoutMs }, sessions } = loadConfig(environment)
  t.equal(host, '0.0.0.0', 'others in the network reach it')
  t.ok((parseDuration(String(server.stop_grace_period)) ?? 0) > shutdownDelayMs + drainTimeoutMs + CLOSING_MS, 'it has the time to stop')
  const store = path.resolve(readImage().workdir, sessions.storeUrl.replace(/^sqlite:/, ''))
  t.ok(mountsOf(server).some(({ source, target }) => source === 'server-data' && store.startsWith(`${target}/`)), `${store} outlives the container`)
  t.equal(server.read_only, true)
})

t.test('the server asks the emulator, or the Dust that it is told of', async (t) => {
  const compose = await requireProgram(t, 'docker-compose')
  if (compose === null) return
  const found = await services(t)
  const emulator = readEnvironment(found.get('emulator')?.environment ?? {})
  if ('faults' in emulator) throw new Error(emulator.faults.join('\n'))
  const { port, host, options } = emulator.environment
  t.equal(host, '0.0.0.0')
  t.match(found.get('mcp-dust-server')?.environment, { DUST_BASE_URL: `http://emulator:${port}`, DUST_API_KEY: options.apiKey, DUST_WORKSPACE_ID: options.workspaceId })
  const real = { DUST_BASE_URL: 'https://eu.dust.tt', DUST_API_KEY: 'sk-real', DUST_WORKSPACE_ID: 'real' }
  t.match(readComposition(compose, real)['mcp-dust-server']?.environment, real)
})

t.test('the emulator gets the settings that its page documents', async (t) => {
  const emulator = (await services(t)).get('emulator')
  if (emulator === undefined) return
  const page = readFileSync(path.join(DEPLOY, '..', 'docs', 'emulator.md'), 'utf8')
  for (const [name, value] of Object.entries(emulator.environment ?? {})) {
    const documented = new RegExp(`^\\| \`${name}\` \\| \`([^\`]+)\``, 'm').exec(page)?.[1]
    t.equal(name === 'EMULATOR_HOST' ? '127.0.0.1' : value, documented, name)
  }
})

t.test('the names by which the services find each other are theirs', async (t) => {
  const found = await services(t)
  if (found.size === 0) return
  const sources = provisioned('datasources').flatMap(({ datasources }) => datasources as Array<{ url: string }>)
  for (const address of [TARGET, ALERTMANAGER, ...sources.map(({ url }) => new URL(url).host)]) {
    const [name = '', port] = address.split(':')
    t.match(found.get(name)?.ports, [`127.0.0.1:${port}:${port}/tcp`], address)
  }
  const providers = provisioned('dashboards').flatMap(({ providers }) => providers as Array<{ options: { path: string } }>)
  const mounts = mountsOf(found.get('grafana') ?? { image: '' }).map(({ target }) => target)
  t.same(providers.map(({ options }) => options.path).filter((folder) => !mounts.includes(folder)), [])
  t.ok(sources.length > 0 && providers.length > 0)
})
