import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { run } from '../e2e/server-process.ts'
import { readFile, ROOT, snippetsOf } from '../fixtures/markdown.ts'
import { startEmulator, until } from '../helper.ts'
import { wordsOf } from './commands.ts'

const snippets = snippetsOf(readFile('docs/emulator.md'))
const textOf = (begin: string): string => snippets.find(({ text }) => text.startsWith(begin))?.text ?? ''

t.test('the emulator prints the three variables that docs/emulator.md shows', async (t) => {
  const { child, stdout, ended } = run(t, 'src/emulator/server.ts', { EMULATOR_PORT: '0' })
  await until(() => stdout.some((line) => line.includes('DUST_BASE_URL=')))
  const withoutPort = (words: string): string => words.replace(/:\d+/, ':PORT').trim()
  t.ok(stdout.some((line) => withoutPort(line) === withoutPort(textOf('DUST_BASE_URL='))), stdout.join('\n'))
  child.kill()
  await ended
})

t.test('the faults of docs/emulator.md are taken', async (t) => {
  const { environment } = await startEmulator(t)
  const words = wordsOf(textOf('curl '))
  const after = (option: string): string => words[words.indexOf(option) + 1] ?? ''
  const [, type = ''] = after('-H').split(': ')
  const url = new URL(words.find((word) => word.startsWith('http')) ?? '')
  const response = await fetch(new URL(url.pathname, environment['DUST_BASE_URL']), { method: after('-X'), headers: { 'content-type': type }, body: after('-d') })
  t.equal(response.status, 200, await response.text())
})

t.test('the test of docs/emulator.md starts and ends', async (t) => {
  const file = path.join(t.testdir(), 'snippet.ts')
  writeFileSync(file, `import t from 'tap'\n${textOf('import ').replace('../src/', `${ROOT}/src/`)}t.match(await (await fetch(url + '/_emulator')).json(), Object)\n`)
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } })
  t.equal(status, 0, stdout + stderr)
})
