import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../fixtures/free-port.ts'
import { startProgram, type Program } from './program.ts'

interface Replica {
  port: number
  logFile: string
  /** `undefined` while it is dead. */
  program: Program | undefined
}

const SERVER = path.join(import.meta.dirname, '..', '..', 'src', 'server.ts')

/** Server processes that are killed and come back, each on its own port. */
export class Cluster {
  /** Ends of processes that nobody asked for. */
  readonly crashes: string[] = []
  readonly #environment: Record<string, string>
  readonly #replicas: Replica[]
  readonly #restarts = new Set<Promise<void>>()
  #kills: Promise<void> = Promise.resolve()
  #isClosed = false

  private constructor (replicas: Replica[], environment: Record<string, string>) {
    this.#replicas = replicas
    this.#environment = environment
  }

  static async start (count: number, environment: Record<string, string>, folder: string): Promise<Cluster> {
    const replicas = await Promise.all(Array.from({ length: count }, async (_, index) => (
      { port: await freePort(), logFile: path.join(folder, `replica-${index}.log`), program: undefined })))
    const cluster = new Cluster(replicas, environment)
    await Promise.all(replicas.map((replica) => cluster.#start(replica)))
    return cluster
  }

  /** Also of those that are dead now: whoever connects finds out. */
  get ports (): number[] {
    return this.#replicas.map(({ port }) => port)
  }

  /**
   * Kills a replica without warning and starts it again. When it is dead already it's the next one's turn; the last of several is spared.
   *
   * @param downMs how long it stays away
   * @returns which one it was, as soon as it's dead
   */
  async kill (preferred: number, downMs: number): Promise<number> {
    const victim = this.#kills.then(async () => {
      while (this.#living().length <= (this.#replicas.length === 1 ? 0 : 1)) {
        if (this.#restarts.size === 0) throw new Error('there is nobody to kill')
        await Promise.race(this.#restarts)
      }
      const ordered = [...this.#replicas.slice(preferred), ...this.#replicas.slice(0, preferred)]
      const replica = ordered.find(({ program }) => program !== undefined)
      const program = replica?.program
      if (replica === undefined || program === undefined) throw new Error('there is nobody to kill')
      replica.program = undefined
      await program.stop('SIGKILL')
      this.#restartLater(replica, downMs)
      return this.#replicas.indexOf(replica)
    })
    this.#kills = victim.then(() => {}, () => {})
    return victim
  }

  /** Resolves when no replica is dead any more. */
  async settle (): Promise<void> {
    await Promise.all([this.#kills, ...this.#restarts])
  }

  async stop (): Promise<void> {
    this.#isClosed = true
    await this.settle()
    await Promise.all(this.#living().map(({ program }) => program?.stop('SIGKILL')))
  }

  #living (): Replica[] {
    return this.#replicas.filter(({ program }) => program !== undefined)
  }

  #restartLater (replica: Replica, downMs: number): void {
    const restart = sleep(downMs).then(async () => {
      if (!this.#isClosed) await this.#start(replica)
    }).catch((error: unknown) => { this.crashes.push(String(error)) }).finally(() => { this.#restarts.delete(restart) })
    this.#restarts.add(restart)
  }

  async #start (replica: Replica): Promise<void> {
    const environment = { HOST: '127.0.0.1', PORT: String(replica.port), ...this.#environment }
    const program = await startProgram(process.execPath, [SERVER], { environment, logFile: replica.logFile, ready: /Server listening at/ })
    replica.program = program
    program.ended.then((how) => {
      if (replica.program !== program || this.#isClosed) return
      replica.program = undefined
      this.crashes.push(`the replica of ${replica.logFile} ended with ${how}`)
      this.#restartLater(replica, 0)
    })
  }
}
