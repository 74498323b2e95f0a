#!/usr/bin/env node
import closeWithGrace from 'close-with-grace'
import { existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { loadConfigOrExit } from './config/load-or-exit.ts'
import { LogFileError } from './log-file.ts'
import { createLogger, type Logging } from './logger.ts'
import { createService } from './service.ts'
import { storeKindOf } from './store/open.ts'
import { StoreError } from './store/store.ts'

/** What is left after DRAIN_TIMEOUT to close connections and the store. */
const CLOSING_MS = 10_000

/** A timer of Node holds no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

if (existsSync('.env')) process.loadEnvFile('.env')
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
  const words = describeFault(error)
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

function describeFault (error: unknown): string {
  if (error instanceof StoreError) return `${error.message}. Set STORE_URL to ${storeKindOf(config.sessions.storeUrl) === 'redis' ? 'a Redis that can be reached and written' : 'a file that can be written'}.`
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is taken by another process. Set PORT to another one.`
    case 'EACCES':
      return `Port ${port} on ${host} may not be opened. Set PORT to one above 1023.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this machine. Set HOST to one, or to 0.0.0.0 for all.`
    default:
      return `The server could not start: ${error instanceof Error ? error.message : String(error)}`
  }
}
