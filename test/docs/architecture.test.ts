import { existsSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { filesBelow, inlineCodeOf, readFile, ROOT, snippetsOf } from '../fixtures/markdown.ts'

const page = readFile('docs/architecture.md')

t.test('each path that docs/architecture.md and CONTRIBUTING.md name is there', async (t) => {
  const names = [page, readFile('CONTRIBUTING.md')].flatMap(inlineCodeOf).filter((code) => /^(src|plugins|routes|test|deploy|docs|bench|\.ci)\/[\w./-]*$/.test(code))
  t.ok(names.length > 40)
  for (const name of names) t.ok(existsSync(path.join(ROOT, name)), name)
})

t.test('each folder of the sources is told of', async (t) => {
  const folders = new Set(['src', 'plugins', 'routes', 'test', 'deploy', 'docs', 'bench'].flatMap(filesBelow).filter((file) => /^src\/[^/]+\//.test(file)).map((file) => file.split('/').slice(0, 2).join('/')))
  for (const folder of folders) t.match(page, `\`${folder}/`, folder)
})

t.test('each diagram is one', async (t) => {
  const diagrams = snippetsOf(page).filter(({ language }) => language === 'mermaid').map(({ text }) => text.trim().split('\n').map((line) => line.trim()))
  t.equal(diagrams.length, 3)
  for (const [kind = '', ...lines] of diagrams) {
    const isFlow = kind.startsWith('flowchart ')
    if (!isFlow) t.equal(kind, 'sequenceDiagram')
    const declared = new Set(lines.flatMap((line) => isFlow ? [...line.matchAll(/\b(\w+)\[/g)].map(([, name]) => name) : [/^participant (\w+) as /.exec(line)?.[1]]))
    let depth = 0
    for (const line of lines) {
      const opens = isFlow ? /^subgraph \w+\[".+"\]$/ : /^(loop|alt|opt) .+$/
      if (opens.test(line)) depth++
      else if (line === 'end') depth--
      else if (isFlow) for (const name of line.replaceAll(/\[[^\]]*\]|"[^"]*"/g, '').match(/\w+/g) ?? []) t.ok(declared.has(name), `${line}: ${name}`)
      else if (!line.startsWith('participant ')) {
        const [, from, to] = /^(\w+)--?>>(\w+): \S.*$/.exec(line) ?? []
        t.ok(declared.has(from) && declared.has(to) && from !== undefined, line)
      }
    }
    t.equal(depth, 0, 'what is opened is closed')
  }
})
