import t from 'tap'
import { readFile } from '../fixtures/markdown.ts'
import { sourceText } from './source-text.ts'

const page = readFile('docs/troubleshooting.md')
/** What the first column of a row sets as code, when it's words and no name. */
const quoted = [...page.matchAll(/^\| (.*?) \| .* \|$/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, words = '']) => words)).filter((words) => / /.test(words))

/** What stands before the words that the one who refuses says. */
const TITLES = /^(Unauthorized|Forbidden): /

t.test('each text that is quoted as the server\'s is one that it says', async (t) => {
  t.ok(quoted.length > 60, String(quoted.length))
  for (const words of quoted) {
    for (const piece of words.replace(TITLES, '').split('…').map((piece) => piece.trim()).filter((piece) => piece.length > 2)) {
      t.ok(sourceText().includes(piece), `${words}: ${piece}`)
    }
  }
})

t.test('each row says what to do', async (t) => {
  const rows = [...page.matchAll(/^\| (.*) \| (.*) \| (.*) \|$/gm)].filter(([row]) => !row.includes('---'))
  t.ok(rows.length > 60)
  for (const [row, ...cells] of rows) for (const cell of cells) t.not(cell.trim(), '', row)
})

t.test('each thing that --check looks at is named', async (t) => {
  const checks = [...readFile('src/cli/check.ts').matchAll(/^ {2}(?:'([a-z ]+)'|([a-z]+)): /gm)].map(([, quotedName, name]) => quotedName ?? name ?? '')
  t.ok(checks.length > 4)
  const intro = page.slice(0, page.indexOf('## ')).toLowerCase()
  const words: Record<string, string> = { access: 'who may come in' }
  for (const name of checks) t.match(intro, words[name] ?? name)
})
