import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino'
import pretty from 'pino-pretty'
import type { Config } from './config.ts'
import { version } from './version.ts'

/**
 * Makes the process's logger: one line per event on stdout, levels as words, time as ISO 8601.
 * Prompts, answers and credentials are never passed to it; `redact` is the second line of defence.
 *
 * @param destination where JSON lines go instead of stdout
 */
export function createLogger (logs: Config['logs'], destination?: DestinationStream): Logger {
  return pino({
    level: logs.level,
    base: { service: 'mcp-dust-server', version },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: ['req.headers.authorization', 'req.headers.cookie', 'apiKey', '*.apiKey', 'authorization', '*.authorization'], censor: '(redacted)' }
  }, destination ?? (logs.format === 'pretty' ? pretty({ sync: true, ignore: 'service,version', translateTime: 'SYS:HH:MM:ss.l' }) : pino.destination({ dest: 1, sync: true })))
}
