import t from 'tap'
import { connectingGuide } from '../../src/demo/connecting-guide.ts'
import { clientsFor, placesToFill } from '../../status-page/connect.js'
import { readFile } from '../fixtures/markdown.ts'

const here = { url: 'http://127.0.0.1:5001/mcp', authMode: 'none', needsDustKey: false } as const
const there = { url: 'https://mcp.example.com/mcp', authMode: 'oauth', needsDustKey: false } as const

function snippetOf (facts: Parameters<typeof clientsFor>[0], name: string): string {
  return clientsFor(facts).find((client) => client.name === name)?.snippet ?? ''
}

t.test('the README, the docs and the demo say what the page says', async (t) => {
  t.match(readFile('README.md'), `\n${snippetOf(here, 'Claude Code')}\n`)
  t.match(readFile('docs/clients.md'), snippetOf(here, 'MCP Inspector'))
  t.match(readFile('docs/security.md'), `\`${snippetOf(there, 'Claude Code')}\``)
  const guide = connectingGuide('http://127.0.0.1:5001', 'http://127.0.0.1:5055')
  for (const { name, snippet } of clientsFor(here)) t.ok(guide.includes(`${name}. `) && guide.includes(snippet.replaceAll('\n', '\n  ')), name)
})

t.test('whoever needs credentials is told where each belongs', async (t) => {
  const facts = { url: 'http://mcp.example.com:5001/mcp', authMode: 'token', needsDustKey: true } as const
  const headers = { Authorization: 'Bearer YOUR_TOKEN', 'X-Dust-Api-Key': 'YOUR_DUST_API_KEY', 'X-Dust-Workspace-Id': 'YOUR_WORKSPACE_ID' }
  t.equal(placesToFill(facts), 'Put your own in the place of YOUR_TOKEN, YOUR_DUST_API_KEY, YOUR_WORKSPACE_ID.')
  const options = Object.entries(headers).map(([name, value]) => ` --header "${name}: ${value}"`).join('')
  t.equal(snippetOf(facts, 'Claude Code'), `claude mcp add --transport http dust ${facts.url}${options}`)
  t.ok(snippetOf(facts, 'MCP Inspector').endsWith(options))
  t.same(JSON.parse(snippetOf(facts, 'Cursor')), { mcpServers: { dust: { url: facts.url, headers } } })
  const { args, env } = JSON.parse(snippetOf(facts, 'Claude Desktop')).mcpServers.dust as { args: string[], env: Record<string, string> }
  t.ok(args.includes('--allow-http'), 'without TLS, to another machine')
  t.notOk(args.some((word) => word.includes(' ')), 'no argument has a space')
  const filled = args.filter((word) => word.includes('$')).map((word) => word.replace(/\$\{(\w+)\}/, (_, variable: string) => ` ${env[variable]}`))
  t.same(filled, Object.entries(headers).map(([name, value]) => `${name}: ${value}`))
})

t.test('what logs in by itself needs nothing', async (t) => {
  t.equal(placesToFill(there), null)
  t.notMatch(JSON.stringify(clientsFor(there)), /header|YOUR_|allow-http/)
})
