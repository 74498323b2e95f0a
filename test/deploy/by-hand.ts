import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import type { Test } from 'tap'
import { mountsOf, type ComposeService } from '../fixtures/composition.ts'
import { freePort } from '../fixtures/free-port.ts'
import { readImage } from '../fixtures/image.ts'
import { buildTo } from '../fixtures/packed.ts'
import { until } from '../helper.ts'

const root = path.join(import.meta.dirname, '..', '..')

/** The variable by which each service that has our image takes its port. */
const PORT_VARIABLES: Record<string, string> = { 'mcp-dust-server': 'PORT', emulator: 'EMULATOR_PORT' }
/** The port of a service that is none of the machine's. */
const INNER_PORTS: Record<string, string> = { redis: '6379' }

/** Builds what is in our image, into a folder of a test. */
export async function buildByHand (folder: string): Promise<void> {
  await buildTo(path.join(folder, 'dist'))
  cpSync(path.join(root, 'package.json'), path.join(folder, 'package.json'))
  mkdirSync(path.join(folder, 'data'))
}

/**
 * Services of a composition as processes of this machine, with the commands, settings and health checks that they have in their containers.
 * Addresses and folders are replaced by such that are free here.
 */
export class ByHand {
  readonly #t: Test
  readonly #services: Record<string, ComposeService>
  readonly #folder: string
  readonly #image = readImage()
  /** Where each service is, by the name and port under which others look for it. */
  readonly #addresses = new Map<string, string>()

  /** @param folder that has what is in our image */
  constructor (t: Test, services: Record<string, ComposeService>, folder: string) {
    this.#t = t
    this.#services = services
    this.#folder = folder
  }

  /** Chooses where the services will be. */
  async prepare (...names: string[]): Promise<void> {
    for (const name of names) {
      const own = `127.0.0.1:${await freePort()}`
      for (const host of [name, 'localhost', '127.0.0.1']) this.#addresses.set(`${host}:${this.#containerPort(name)}`, own)
    }
  }

  address (name: string): string {
    return `http://${this.#translate(`${name}:${this.#containerPort(name)}`)}`
  }

  /** Starts a service that has our image, and waits until its health check passes. */
  async startOwn (name: string): Promise<void> {
    const { command = this.#image.command, environment = {} } = this.#service(name)
    const told = Object.fromEntries(Object.entries(environment).map(([variable, value]) => [variable, this.#translate(value)]))
    const place = { HOST: '127.0.0.1', EMULATOR_HOST: '127.0.0.1', [String(PORT_VARIABLES[name])]: new URL(this.address(name)).port }
    const child = this.#start(...this.#withNode(command), { ...this.#image.environment, ...told, ...place })
    await until(() => hasEnded(child) || this.isHealthy(name))
    if (hasEnded(child)) throw new Error(`${name} ended`)
  }

  /** Whether the health check of a service that has our image passes. */
  isHealthy (name: string): boolean {
    const { test } = this.#service(name).healthcheck ?? { test: ['CMD', ...this.#image.healthCheck] }
    const [program, args] = this.#withNode(test.slice(1))
    return spawnSync(program, args, { env: { PORT: new URL(this.address(name)).port } }).status === 0
  }

  /** Starts Prometheus or Alertmanager with its files in a hurry, and waits until the address of its health check answers. */
  async startObserver (name: string, program: string, ...more: string[]): Promise<void> {
    const service = this.#service(name)
    const folder = path.join(this.#folder, name)
    let args = service.command ?? []
    for (const { source, target } of mountsOf(service)) {
      const local = path.join(folder, path.basename(source))
      if (path.isAbsolute(source)) cpSync(source, local, { recursive: true })
      else mkdirSync(local)
      args = args.map((word) => word.replace(`=${target}`, `=${local}`))
    }
    const config = path.join(folder, name, `${name}.yml`)
    writeFileSync(config, this.#translate(readFileSync(config, 'utf8')).replaceAll(/(interval|timeout): 1\ds/g, '$1: 1s'))
    const child = this.#start(program, [...args, `--web.listen-address=${new URL(this.address(name)).host}`, '--log.level=error', ...more])
    const probe = this.#translate(String(service.healthcheck?.test.at(-1)))
    await until(async () => hasEnded(child) || (await fetch(probe).catch(() => null))?.status === 200)
    if (hasEnded(child)) throw new Error(`${name} ended`)
  }

  /** Starts Valkey, or a Redis in its place, and waits until it answers. */
  async startStore (name: string, program: string): Promise<void> {
    const { hostname, port } = new URL(this.address(name))
    const child = this.#start(program, [...this.#service(name).command?.slice(1) ?? [], '--bind', hostname, '--port', port, '--dir', this.#folder])
    await until(() => hasEnded(child) || accepts(Number(port), hostname))
    if (hasEnded(child)) throw new Error(`${name} ended`)
  }

  #service (name: string): ComposeService {
    const service = this.#services[name]
    if (service === undefined) throw new Error(`There is no service ${name}`)
    return service
  }

  #containerPort (name: string): string {
    return INNER_PORTS[name] ?? String(this.#service(name).ports?.[0]?.split(/[:/]/)[2])
  }

  #translate (words: string): string {
    return words.replace(/[\w.-]+:\d+/g, (address) => this.#addresses.get(address) ?? address)
  }

  /** A command of our image, for the Node that runs this test. */
  #withNode ([program, ...args]: string[]): [program: string, args: string[]] {
    if (program !== 'node') throw new Error(`Not a command of the image: ${program}`)
    return [process.execPath, args.map((word) => this.#translate(word))]
  }

  /** Runs a program in the folder of our image until the test ends. */
  #start (program: string, args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const child = spawn(program, args, { cwd: this.#folder, env, stdio: 'ignore' })
    this.#t.teardown(async () => {
      if (hasEnded(child)) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    })
    return child
  }
}

/** Whether somebody listens there. */
async function accepts (port: number, host: string): Promise<boolean> {
  const socket = connect(port, host)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

function hasEnded ({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
