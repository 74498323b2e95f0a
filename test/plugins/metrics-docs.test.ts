import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { MetricsPage } from '../fixtures/metrics.ts'
import { startServiceAlone } from '../helper.ts'

t.test('docs/metrics.md names every metric of the product with its type, and no other', async (t) => {
  const { address } = await startServiceAlone(t)
  const page = new MetricsPage(await (await fetch(`${address}/metrics`)).text())
  const docs = readFileSync(path.join(import.meta.dirname, '..', '..', 'docs', 'metrics.md'), 'utf8')
  const documented = [...docs.matchAll(/^\| `(\w+)` \| (counter|gauge|histogram) \|/gm)].map(([, name, type]) => `${name} ${type}`)
  const own = [...page.types]
    .filter(([name]) => name.startsWith('mcp_'))
    .map(([name, type]) => `${name.replace(/^mcp_dust_server_/, '')} ${type}`)
  t.same(documented.sort(), own.sort())
})
