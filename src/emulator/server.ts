import { createEmulator } from './app.ts'
import { readEnvironment } from './environment.ts'

const read = readEnvironment(process.env)
if ('faults' in read) fail(...read.faults)

const { host, port, options } = read.environment
const app = createEmulator({ ...options, logger: { level: 'warn' } })

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await app.close()
    process.exit(0)
  })
}

try {
  const url = await app.listen({ host, port })
  const { apiKey, workspaceId, pace, seed } = app.emulator.settings
  console.log(`A Dust workspace is emulated at ${url}

  DUST_BASE_URL=${url} DUST_WORKSPACE_ID=${workspaceId} DUST_API_KEY=${apiKey}

Pace ${pace}, seed ${seed}. What it can do, and how to make it misbehave: ${url}/_emulator`)
} catch (error) {
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  fail(isTaken ? `Port ${port} on ${host} is taken. Set EMULATOR_PORT to a free one.` : `Cannot listen on ${host}:${port}: ${String(error)}`)
}

function fail (...lines: string[]): never {
  for (const line of lines) console.error(line)
  process.exit(1)
}
