import closeWithGrace from 'close-with-grace'
import { setTimeout as wait } from 'node:timers/promises'
import { ConfigError, loadConfig, type Config } from './config.ts'
import { createLogger } from './logger.ts'
import { createService } from './service.ts'
import { StoreError } from './store/session-store.ts'

/** What is left after DRAIN_TIMEOUT to close connections and the store. */
const CLOSING_MS = 5000

const config = readConfig()
const logger = createLogger(config.logs)
const { host, port, shutdownDelayMs, drainTimeoutMs } = config.server

try {
  const service = await createService(config, logger)
  closeWithGrace({ delay: shutdownDelayMs + drainTimeoutMs + CLOSING_MS, logger }, async ({ signal, err }) => {
    if (err) logger.fatal({ err }, 'the process stops because of a fault')
    else logger.info({ signal, shutdownDelayMs, drainTimeoutMs }, 'stopping')
    service.health.drain()
    if (!err) await wait(shutdownDelayMs)
    await service.close()
    logger.info('stopped')
  })
  await service.listen({ host, port })
} catch (error) {
  if (isPortTaken(error)) logger.fatal(`Port ${port} on ${host} is taken by another process. Set PORT to another one.`)
  else if (error instanceof StoreError) logger.fatal(`${error.message}. Set STORE_URL to a file that can be written.`)
  else logger.fatal({ err: error }, 'The server could not start')
  process.exit(1)
}

function readConfig (): Config {
  try {
    return loadConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.faults.join('\n')}\n`)
    process.exit(1)
  }
}

function isPortTaken (error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
