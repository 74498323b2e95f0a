import { readFileSync } from 'node:fs'
import path from 'node:path'
import { startProgram } from '../chaos/program.ts'
import { freePort } from '../fixtures/free-port.ts'
import { readMetrics } from '../fixtures/metrics.ts'

const ROOT = path.join(import.meta.dirname, '..', '..')

export interface Target {
  port: number
  address: string
  /** Memory of the server's process, now and at most until now, in MiB. */
  memory (): { rss: number, peak: number }
  /** A counter of the server, by its labels' reason. */
  counter (name: string, reason: string): Promise<number>
  stop (): Promise<void>
}

/** The server as its own process, with tools that say much, beside an emulated workspace; both log into the folder. */
export async function startTarget (folder: string): Promise<Target> {
  const [port, dustPort] = [await freePort(), await freePort()]
  const dust = await startProgram(process.execPath, [path.join(ROOT, 'src', 'emulator', 'server.ts')], {
    environment: { EMULATOR_PORT: String(dustPort), EMULATOR_PACE: '0' }, logFile: path.join(folder, 'emulator.log'), ready: /emulated at/
  })
  const server = await startProgram(process.execPath, [path.join(ROOT, 'src', 'server.ts')], {
    environment: {
      PORT: String(port),
      DUST_BASE_URL: `http://127.0.0.1:${dustPort}`,
      DUST_API_KEY: 'sk-demo',
      DUST_WORKSPACE_ID: 'demo',
      STORE_URL: `sqlite:${path.join(folder, 'store.db')}`,
      EXTRA_PLUGINS: path.join(import.meta.dirname, 'flood-plugin.ts'),
      // Nobody is to be sent away because the machine is busy.
      PRESSURE_MAX_EVENT_LOOP_DELAY: '0s'
    },
    logFile: path.join(folder, 'server.log'),
    ready: /Server listening/
  })
  const address = `http://127.0.0.1:${port}`
  const status = `/proc/${server.pid}/status`

  return {
    port,
    address,
    memory: () => ({ rss: mebibytesIn(status, 'VmRSS'), peak: mebibytesIn(status, 'VmHWM') }),
    counter: async (name, reason) => (await readMetrics(address)).value(`mcp_dust_server_${name}`, { reason }),
    stop: async () => {
      await server.stop('SIGKILL')
      await dust.stop('SIGKILL')
    }
  }
}

function mebibytesIn (status: string, name: string): number {
  const [, kibibytes = ''] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(status, 'utf8')) ?? []
  return Math.round(Number(kibibytes) / 1024)
}
