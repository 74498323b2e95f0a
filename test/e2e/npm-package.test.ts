import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { linksOf, readFile } from '../fixtures/markdown.ts'
import { pack, type Packed } from '../fixtures/packed.ts'
import { connect, startEmulator } from '../helper.ts'

const run = promisify(execFile)

/** Beyond these somebody has let in what nobody needs. */
const MOST_PACKED_BYTES = 700_000
const MOST_BYTES = 2_000_000

/** Where somebody has just installed the package: not below this repository, which npm would take for the place to install it in. */
const folder = mkdtempSync(path.join(tmpdir(), 'npm-package-'))
t.teardown(() => { rmSync(folder, { recursive: true }) })
/** Without this repository's programs. The Node is the one that npm finds. */
const environment = {
  HOME: process.env['HOME'] ?? '',
  PATH: (process.env['PATH'] ?? '').split(path.delimiter).filter((entry) => !entry.includes('node_modules')).join(path.delimiter)
}
let packed: Packed

t.before(async () => {
  packed = await pack(t.testdir({}))
  await run('npm', ['install', packed.file, '--prefix', folder, '--prefer-offline', '--no-audit', '--no-fund'], { cwd: folder, env: environment })
})

t.test('the package is complete and small', async (t) => {
  const names = [...packed.files.keys()]
  t.same(names.filter((name) => !/^(dist\/(src|plugins|routes|status-page)\/.+\.(js|d\.ts|css|html|svg)|docs\/[\w-]+\.md|docs\/pictures\/status-page\.png|(README|CHANGELOG|CONTRIBUTING|SECURITY)\.md|LICENSE|package\.json|\.env\.example)$/.test(name)), [])
  for (const link of linksOf(readFile('README.md')).filter((address) => !/^(https?:|#)/.test(address))) {
    t.ok(packed.files.has(path.normalize(link.replace(/#.*$/, ''))), `README: ${link}`)
  }
  const bytes = [...packed.files.values()].reduce((sum, size) => sum + size, 0)
  t.ok(packed.packedBytes < MOST_PACKED_BYTES, `${packed.packedBytes} bytes, packed`)
  t.ok(bytes < MOST_BYTES, `${bytes} bytes`)
  t.notMatch(readFileSync(path.join(folder, 'node_modules', packed.name, 'dist', 'src', 'cli.js'), 'utf8'), 'sourceMappingURL')
})

t.test('npx mcp-dust-server --demo works in a folder where it was just installed', async (t) => {
  const child = spawn('npx', ['mcp-dust-server', '--demo'], { cwd: folder, env: { ...environment, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  // With npx and its shell. It's gone already when something went wrong.
  t.teardown(() => { if (child.exitCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL') })
  let said = ''
  for await (const piece of child.stdout) {
    said += String(piece)
    if (said.includes('Ctrl-C ends all')) break
  }
  t.match(said, /Which agents are there\?[^]*The final answer \(succeeded/)
  const [, address = ''] = /The server runs on at (http:\S+)\/mcp/.exec(said) ?? []
  const { client } = await connect(t, address)
  t.match(await client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'dust', message: 'Are you there?' } }), { structuredContent: { status: 'succeeded' } })
  t.notOk(existsSync(path.join(folder, 'data')), 'nothing is kept')
})

t.test('npx mcp-dust-server --check looks at the settings of the folder', async (t) => {
  const { environment: dust } = await startEmulator(t)
  const { stdout } = await run('npx', ['mcp-dust-server', '--check'], { cwd: folder, env: { ...environment, ...dust, PORT: '0' } })
  t.match(stdout, /^ok +settings[^]*^ok +store[^]*^ok +dust[^]*^ok +port/m)
})
