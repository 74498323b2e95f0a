import { pino, stdTimeFunctions, symbols, type DestinationStream, type Logger } from 'pino'
import { prettyFactory } from 'pino-pretty'
import type { Config } from './config.ts'
import { hideWords } from './hidden-words.ts'
import { LineOutput, LogFile } from './log-file.ts'
import { version } from './version.ts'

type LineCounts = Record<'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal', number>

export interface Logging {
  logger: Logger
  /** Lines written since the start, by level. */
  lineCounts: Readonly<LineCounts>
  /** Opens LOG_FILE anew after somebody moved it away. */
  reopen (): void
}

/** Longest path of a request that is logged; nobody serves longer ones. */
const MAX_PATH_LENGTH = 200
/** How many causes of an error are told. */
const MAX_CAUSES = 3

/**
 * What may be said of requests and errors, whoever logs them: no header, no query, no property that a library hangs on its errors
 * (Node's HTTP parser adds the raw packet, others the body).
 */
export const serializers = {
  req: describeRequest,
  err: (error: unknown) => describeError(error, MAX_CAUSES)
}

/**
 * Makes the process's logger: one line per event on stdout, and the same as JSON in LOG_FILE if there is one. Levels are words, time is ISO 8601.
 * Prompts, answers and credentials are never passed to it; `serializers` and `hideWords` are the second line of defence.
 *
 * @param destination where JSON lines go instead of stdout
 * @throws {LogFileError} when LOG_FILE can't be opened
 */
export function createLogger (logs: Config['logs'], destination?: DestinationStream): Logging {
  const file = logs.file === null ? null : new LogFile({ file: logs.file, maxSizeBytes: logs.maxSizeBytes, maxFiles: logs.maxFiles })
  const output = new CountingOutput([destination ?? standardOutput(logs.format), ...(file === null ? [] : [file])])
  const logger = pino({
    level: logs.level,
    base: { service: 'mcp-dust-server', version },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), bindings: hideWords, log: hideWords },
    serializers
  }, output)
  return { logger, lineCounts: output.lineCounts, reopen: () => { file?.reopen() } }
}

function standardOutput (format: Config['logs']['format']): DestinationStream {
  const output = new LineOutput(1, 'stdout')
  if (format === 'json') return output
  const prettify = prettyFactory({ ignore: 'service,version', translateTime: 'SYS:HH:MM:ss.l' })
  return { write: (line) => { output.write(prettify(line)) } }
}

/** Where the lines of the logger and of all its children go. The symbol makes pino tell the level of each. */
class CountingOutput implements DestinationStream {
  readonly [symbols.needsMetadataGsym] = true
  readonly lineCounts: LineCounts = { trace: 0, debug: 0, info: 0, warn: 0, error: 0, fatal: 0 }
  lastLevel = 0
  readonly #streams: DestinationStream[]

  constructor (streams: DestinationStream[]) {
    this.#streams = streams
  }

  write (line: string): void {
    const level = pino.levels.labels[this.lastLevel]
    if (isCounted(level)) this.lineCounts[level]++
    for (const stream of this.#streams) stream.write(line)
  }
}

function isCounted (level: string | undefined): level is keyof LineCounts {
  return level !== undefined && level !== 'silent'
}

/** The route rather than the path where there is one: it has no ids in it. */
function describeRequest ({ method, url = '', routeOptions }: { method?: string, url?: string, routeOptions?: { url?: string | undefined } }) {
  return { method, url: routeOptions?.url ?? url.split('?', 1)[0]?.slice(0, MAX_PATH_LENGTH) }
}

function describeError (error: unknown, causes: number): unknown {
  if (!(error instanceof Error)) return { type: typeof error }
  return {
    type: error.name,
    ...('code' in error && { code: error.code }),
    ...('statusCode' in error && { statusCode: error.statusCode }),
    message: withoutQuote(error.message),
    stack: withoutQuote(error.stack ?? ''),
    ...(error.cause !== undefined && causes > 0 && { cause: describeError(error.cause, causes - 1) })
  }
}

/** JSON.parse quotes what it could not read. */
function withoutQuote (words: string): string {
  return words.replace(/(?:\.\.\.)?"[^]*"(?:\.\.\.)? is not valid JSON/, '(redacted) is not valid JSON')
}
