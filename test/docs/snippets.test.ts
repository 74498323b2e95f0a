import { readFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { PAGES, readFile, ROOT, snippetsOf, type Snippet } from '../fixtures/markdown.ts'
import { sourceText } from './source-text.ts'
import { commandsOf, faultOf } from './commands.ts'

/** A block that another test works with: which page it's on, and what is in it. */
const elsewhere: Array<{ page: string, has: RegExp, by: string }> = [
  { page: 'docs/clients.md', has: /^import \{/, by: 'test/docs/clients.test.ts' },
  { page: 'docs/clients.md', has: /^curl /, by: 'test/docs/clients.test.ts' },
  { page: 'docs/clients.md', has: /"(mcpServers|servers)"/, by: 'test/docs/clients.test.ts' },
  { page: 'docs/plugins.md', has: /^import |^\{$/m, by: 'test/e2e/package.test.ts' },
  { page: 'docs/plugins.md', has: /^curl /, by: 'test/e2e/package.test.ts' },
  { page: 'docs/emulator.md', has: /^curl |^DUST_BASE_URL=/, by: 'test/docs/emulator.test.ts' },
  { page: 'docs/emulator.md', has: /^import /, by: 'test/docs/emulator.test.ts' },
  { page: 'docs/monitoring.md', has: /"checks"/, by: 'test/deploy/docs.test.ts' },
  { page: 'docs/architecture.md', has: /^(flowchart|sequenceDiagram)/, by: 'test/docs/architecture.test.ts' },
  { page: 'deploy/kubernetes/README.md', has: /kind: Kustomization/, by: 'test/deploy/manifests.test.ts' }
]

/** What is wrong with a block; `undefined` when nothing is. */
function faultIn (page: string, { caption, language, text }: Snippet): string | undefined {
  const [, named] = /^\[(.+)\]\(.+\)$/.exec(caption) ?? []
  if (named !== undefined) return readFile(named).includes(`\n${text}`) ? undefined : `${named} doesn't have it`
  if (elsewhere.some((other) => other.page === page && other.has.test(text))) return undefined
  switch (language) {
    case 'sh':
      return commandsOf(text).map(faultOf).find((fault) => fault !== undefined)
    case 'json':
      JSON.parse(text)
      return undefined
    case 'yaml':
      return typeof parse(text) === 'object' ? undefined : 'it is no YAML'
    case '':
      return isSaid(text) ? undefined : 'nobody says it'
    default:
      return `nobody knows what to do with ${language}`
  }
}

/** Whether it's what the server says, piece by piece, but for names of files. */
function isSaid (text: string): boolean {
  return text.trim().split(/\.?\/\S+|: /).every((piece) => sourceText().includes(piece.trim()))
}

for (const page of PAGES) {
  t.test(`each block of ${page} is run, read or generated`, async (t) => {
    const snippets = snippetsOf(readFile(page))
    t.equal(snippets.length * 2, readFile(page).match(/^```/gm)?.length ?? 0, 'all blocks are seen')
    for (const snippet of snippets) {
      const begin = `${snippet.language}: ${snippet.text.slice(0, 60)}`
      try {
        t.equal(faultIn(page, snippet), undefined, begin)
      } catch (error) {
        t.fail(`${begin}: ${String(error)}`)
      }
    }
  })
}

t.test('each test that is said to work with a block is there, and so is the block', async (t) => {
  for (const { page, has, by } of elsewhere) {
    t.ok(snippetsOf(readFile(page)).some(({ text }) => has.test(text)), `${page}: ${has.source}`)
    t.match(readFileSync(path.join(ROOT, by), 'utf8'), path.basename(page), `${by} reads ${page}`)
  }
})

t.test('the check finds fault with what is wrong', async (t: Test) => {
  const wrong: Snippet[] = [
    { caption: '', language: 'sh', file: '', text: 'npm run nothing\n' },
    { caption: '', language: 'sh', file: '', text: 'PORT=abc npm start\n' },
    { caption: '', language: 'sh', file: '', text: 'NO_SUCH_SETTING=1\n' },
    { caption: '', language: 'sh', file: '', text: 'rm -rf dist\n' },
    { caption: '', language: 'sh', file: '', text: 'claude mcp add --transport http dust http://127.0.0.1:5002/mcp\n' },
    { caption: '', language: 'python', file: '', text: 'print(1)\n' },
    { caption: '', language: '', file: '', text: 'It never says this.\n' },
    { caption: '[package.json](../package.json)', language: 'json', file: '', text: '  "name": "something-else"\n' }
  ]
  for (const snippet of wrong) t.type(faultIn('README.md', snippet), 'string', snippet.text)
  t.throws(() => faultIn('README.md', { caption: '', language: 'sh', file: '', text: 'npx mcp-dust-server --chekc\n' }))
  t.throws(() => faultIn('README.md', { caption: '', language: 'json', file: '', text: '{,}\n' }))
})
