import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startCollector } from '../fixtures/collector.ts'
import { compile, installPacked, writeBlocks } from '../fixtures/packed.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { startEmulator } from '../helper.ts'
import { startServerProcess } from './server-process.ts'

const root = path.join(import.meta.dirname, '..', '..')
const docs = readFileSync(path.join(root, 'docs', 'plugins.md'), 'utf8')
const folder = t.testdir({})
const isQuiet = { NODE_NO_WARNINGS: '1', PATH: process.env['PATH'] ?? '' }

t.before(async () => {
  await installPacked(folder, ['@types/node', 'undici-types'])
})

t.test('docs/plugins.md: every block has a file to be tried as', async (t) => {
  const names = writeBlocks('docs/plugins.md', folder)
  t.same(names, ['tickets.ts', 'tickets.test.ts', 'tsconfig.json', 'package.json', 'escalate.ts', 'office-hours.ts', 'embed.ts'])
  t.equal(docs.match(/^```(ts|js|json)/gm)?.length, names.length)
})

t.test('what a stranger writes compiles against the packed package', async (t) => {
  for (const file of ['examples/handbook.ts', 'test/types/plugin-api.ts']) cpSync(path.join(root, file), path.join(folder, path.basename(file)))
  await compile(folder, '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes')
  t.match(readFileSync(path.join(folder, 'dist', 'tickets.js'), 'utf8'), 'from \'mcp-dust-server\'')
})

t.test('the plugin\'s own tests pass', async (t) => {
  const { status, stdout } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', 'tickets.test.ts'], { cwd: folder, env: isQuiet, encoding: 'utf8' })
  t.equal(status, 0, stdout)
  t.match(stdout, /^# pass 2$/m)
})

t.test('the packed server loads it as a package, and others by path', async (t) => {
  const shipped = path.join(folder, 'node_modules', '@acme', 'mcp-tickets')
  mkdirSync(shipped, { recursive: true })
  for (const file of ['package.json', 'dist']) cpSync(path.join(folder, file), path.join(shipped, file), { recursive: true })
  const { emulator, environment } = await startEmulator(t)
  const { bin } = Object(JSON.parse(readFileSync(path.join(folder, 'node_modules', 'mcp-dust-server', 'package.json'), 'utf8')))
  const collector = await startCollector(t)
  const { address, child, ended } = await startServerProcess(t, {
    ...environment, ...collector.environment, STORE_URL: 'sqlite::memory:', EXTRA_PLUGINS: '@acme/mcp-tickets,./escalate.ts,./office-hours.ts'
  }, { cwd: folder, program: path.join(folder, 'node_modules', 'mcp-dust-server', bin) })

  for (const path of ['/', '/status/page.js', '/status/uPlot.iife.min.js']) t.equal((await fetch(address + path)).status, 200, `${path} came along`)

  const [, curl = ''] = /^(curl -s http:\/\/127\.0\.0\.1:5001\/mcp[^]*?)^```/m.exec(docs) ?? []
  const headers = Object.fromEntries([...curl.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name = '', value = '']) => [name, value]))
  const response = await fetch(`${address}/mcp`, { method: 'POST', headers, body: /-d '([^']+)'/.exec(curl)?.[1] ?? '' })
  t.match(await response.json(), { result: { resultType: 'input_required', inputRequests: { sure: { params: { message: 'Close "Printer on fire"?' } } } } }, 'the call of the docs')

  const call = async (params: Record<string, unknown>) => {
    const answer = await postStateless(address, 'tools/call', { name: 'ticket_escalate', arguments: { agent: 'dust', reason: 'fire' }, ...params }, { capabilities: { elicitation: {} } })
    return Object(await answer.json()).result
  }
  const { requestState } = await call({})
  t.match(await call({ requestState, inputResponses: { keep: { action: 'accept', content: {} } } }), { content: [{ text: /^http/ }] })
  t.equal(emulator.emulator.workspace.runs.size, 1, 'the draft was made once')
  child.kill('SIGTERM')
  await ended
  t.ok(collector.spans.some(({ name }) => name === 'tools/call ticket_escalate'), 'its calls are traced')
})

t.test('the packed package is a part of another app', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startServerProcess(t, { ...environment, STORE_URL: 'sqlite::memory:' }, { cwd: folder, program: path.join(folder, 'embed.ts') })
  t.equal(await (await fetch(address)).text(), 'my own route')
  t.equal((await fetch(`${address}/ready`)).status, 200)
})
