import { existsSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { anchorsOf, linksOf, PAGES, readFile, ROOT } from '../fixtures/markdown.ts'

const links = PAGES.flatMap((page) => linksOf(readFile(page)).map((link) => ({ page, link })))
const isExternal = ({ link }: { link: string }): boolean => /^[a-z]+:/.test(link)

t.test('each link between pages and files leads somewhere', async (t) => {
  for (const { page, link } of links.filter((entry) => !isExternal(entry))) {
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? page : path.join(path.dirname(page), file)
    t.ok(existsSync(path.join(ROOT, target)), `${page}: ${link}`)
    if (anchor !== undefined) t.ok(anchorsOf(readFile(target)).includes(anchor), `${page}: ${link}`)
  }
})

t.test('each link to elsewhere is one', async (t) => {
  const external = links.filter(isExternal)
  t.ok(external.length > 0)
  for (const { page, link } of external) t.ok(link.startsWith('https://') && URL.canParse(link) && new URL(link).hostname.includes('.'), `${page}: ${link}`)
})

t.test('each anchor of a page is there once', async (t) => {
  for (const page of PAGES.filter((page) => page !== 'docs/runbooks.md')) {
    const linked = links.filter(({ page: from, link }) => path.join(path.dirname(from), link.split('#')[0] || path.basename(from)) === page).map(({ link }) => link.split('#')[1])
    for (const anchor of anchorsOf(readFile(page)).filter((anchor) => linked.includes(anchor))) {
      t.equal(anchorsOf(readFile(page)).filter((other) => other === anchor).length, 1, `${page}#${anchor}`)
    }
  }
})

t.test('every page can be found from the README', async (t) => {
  const reached = new Set(['README.md'])
  for (const page of reached) {
    for (const link of linksOf(readFile(page)).filter((link) => !isExternal({ link }))) {
      const target = path.join(path.dirname(page), link.split('#')[0] ?? '')
      if (PAGES.includes(target)) reached.add(target)
    }
  }
  t.same(PAGES.filter((page) => !reached.has(page)), [])
})

t.test('each npm script that a page names is there', async (t) => {
  const { scripts } = Object(JSON.parse(readFile('package.json'))) as { scripts: Record<string, string> }
  for (const page of PAGES) {
    for (const [, script = ''] of readFile(page).matchAll(/\bnpm run ([\w:-]+)/g)) t.ok(script in scripts, `${page}: ${script}`)
  }
})
