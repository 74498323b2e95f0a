import closeWithGrace from 'close-with-grace'
import { setTimeout as wait } from 'node:timers/promises'
import { loadEnvFileOrExit } from './config/env-file.ts'
import { loadConfigOrExit } from './config/load-or-exit.ts'
import { LogFileError } from './log-file.ts'
import { createLogger, type Logging } from './logger.ts'
import { createService } from './service.ts'
import { describeStartFault } from './start-fault.ts'

/** What is left after DRAIN_TIMEOUT to close connections and the store. */
const CLOSING_MS = 10_000

/** A timer of Node holds no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

loadEnvFileOrExit()
const config = loadConfigOrExit(process.env)
const { logger, lineCounts, reopen } = openLogs()
const { host, port, shutdownDelayMs, drainTimeoutMs } = config.server

// logrotate's signal, not one to stop at.
process.on('SIGHUP', () => {
  logger.info(config.logs.file === null ? 'SIGHUP: there is no LOG_FILE to open anew' : 'SIGHUP: opening LOG_FILE anew')
  reopen()
})

try {
  const service = await createService(config, logger, lineCounts)
  process.on('SIGHUP', () => { service.auth.reload() })
  closeWithGrace({ delay: Math.min(shutdownDelayMs + drainTimeoutMs + CLOSING_MS, LONGEST_TIMER_MS), logger, skip: ['SIGHUP'] }, async ({ signal, err }) => {
    if (err) logger.fatal({ err }, 'the process stops because of a fault')
    else logger.info({ signal, shutdownDelayMs, drainTimeoutMs }, 'stopping')
    service.health.drain()
    if (!err) {
      await wait(shutdownDelayMs)
      await service.drain()
    }
    await service.close()
    logger.info('stopped')
  })
  await service.listen({ host, port })
} catch (error) {
  const words = describeStartFault(error, config)
  logger.fatal({ err: error }, words)
  // A person at the terminal, or a log level of silent, must not miss it.
  process.stderr.write(`${words}\n`)
  process.exit(1)
}

function openLogs (): Logging {
  try {
    return createLogger(config.logs)
  } catch (error) {
    if (!(error instanceof LogFileError)) throw error
    process.stderr.write(`${error.message}. Set LOG_FILE to a file that can be written.\n`)
    process.exit(1)
  }
}
