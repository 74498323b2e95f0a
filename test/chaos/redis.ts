import path from 'node:path'
import { freePort } from '../fixtures/free-port.ts'
import { startProgram } from './program.ts'

export interface Redis {
  url: string
  /** Stops it in order and starts it again on the same port with the same data. */
  restart (): Promise<void>
  stop (): Promise<void>
}

/** A Redis server of our own, which writes down whatever it is told. */
export async function startRedis (program: string, folder: string): Promise<Redis> {
  const port = await freePort()
  const start = async () => startProgram(program, ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes', '--save', ''], {
    environment: {}, logFile: path.join(folder, 'redis.log'), ready: /Ready to accept connections/
  })
  let running = await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    restart: async () => {
      await running.stop('SIGTERM')
      running = await start()
    },
    stop: async () => { await running.stop('SIGTERM') }
  }
}
