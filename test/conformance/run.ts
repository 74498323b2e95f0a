import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { findPackageJSON } from 'node:module'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { loadConfig } from '../../src/config.ts'
import { createEmulator } from '../../src/emulator/app.ts'
import { createService } from '../../src/service.ts'
import fixtures from './fixtures.ts'

/** The official suites, each by the package that has it and what it is told to look at. */
const SUITES = [
  { package: 'conformance-0.1', arguments: ['--suite', 'all'] },
  { package: 'conformance-0.2', arguments: ['--requirements', '2025-11-25'] },
  { package: 'conformance-0.2', arguments: ['--requirements', '2026-07-28'] }
]

const { values: { serve } } = parseArgs({ options: { serve: { type: 'boolean', default: false } } })

const emulator = createEmulator({ pace: 0 })
const { apiKey, workspaceId } = emulator.emulator.settings
const dust = await emulator.listen({ port: 0, host: '127.0.0.1' })
const config = loadConfig({ DUST_BASE_URL: dust, DUST_API_KEY: apiKey, DUST_WORKSPACE_ID: workspaceId, STORE_URL: 'sqlite::memory:', DRAIN_TIMEOUT: '0s', PORT: process.env['PORT'] ?? '0' })
const service = await createService(config, pino({ level: 'fatal' }))
await service.register(fixtures)
// The suites want a name that a browser would be warned about.
const address = (await service.listen({ port: config.server.port, host: '127.0.0.1' })).replace('127.0.0.1', 'localhost')

if (serve) {
  console.log(`${address}/mcp`)
} else {
  let failures = 0
  for (const suite of SUITES) {
    console.log(`\n# ${suite.package} ${suite.arguments.join(' ')}`)
    const child = spawn(process.execPath, [programOf(suite.package), 'server', '--url', `${address}/mcp`, ...suite.arguments], { stdio: 'inherit' })
    const [code]: unknown[] = await once(child, 'exit')
    if (code !== 0) failures++
  }
  await service.close()
  await emulator.close()
  console.log(failures === 0 ? '\nEvery required check passed.' : `\n${failures} of ${SUITES.length} suites failed.`)
  process.exitCode = failures === 0 ? 0 : 1
}

/** The suites are two versions of one package, so that each is run by its own file. */
function programOf (name: string): string {
  const manifest = findPackageJSON(name, import.meta.url)
  if (manifest === undefined) throw new Error(`${name} is not installed: run npm ci`)
  return path.join(path.dirname(manifest), 'dist', 'index.js')
}
