import type { FastifyBaseLogger } from 'fastify'
import { pino } from 'pino'

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** The logger of one request. Most requests say nothing by themselves, and a child logger takes as long to make as a line: it's made with the first one. */
export class RequestLogger implements FastifyBaseLogger {
  readonly #parent: FastifyBaseLogger
  readonly #bindings: Record<string, unknown>
  readonly #options: Parameters<FastifyBaseLogger['child']>[1]
  #own: FastifyBaseLogger | undefined

  constructor (...[parent, bindings, options]: [FastifyBaseLogger, ...Parameters<FastifyBaseLogger['child']>]) {
    this.#parent = parent
    this.#bindings = bindings
    this.#options = options
  }

  get level (): string {
    return this.#own?.level ?? this.#options?.level ?? this.#parent.level
  }

  set level (level: string) {
    this.#made.level = level
  }

  trace (...words: unknown[]): void { this.#say('trace', words) }
  debug (...words: unknown[]): void { this.#say('debug', words) }
  info (...words: unknown[]): void { this.#say('info', words) }
  warn (...words: unknown[]): void { this.#say('warn', words) }
  error (...words: unknown[]): void { this.#say('error', words) }
  fatal (...words: unknown[]): void { this.#say('fatal', words) }
  silent (): void {}

  child (...about: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger {
    return this.#made.child(...about)
  }

  /** Not in Fastify's interface, like the next, but many plugins are used to these two of pino's. */
  isLevelEnabled (level: string): boolean {
    const { values } = pino.levels
    return (values[level] ?? 0) >= (values[this.level] ?? Infinity)
  }

  setBindings (bindings: Record<string, unknown>): void {
    this.#own = this.#made.child(bindings)
  }

  get #made (): FastifyBaseLogger {
    this.#own ??= this.#parent.child(this.#bindings, this.#options)
    return this.#own
  }

  #say (level: Level, words: unknown[]): void {
    if (this.isLevelEnabled(level)) Reflect.apply(this.#made[level], this.#made, words)
  }
}
