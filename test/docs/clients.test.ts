import { execFile } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { compile, writeBlocks } from '../fixtures/packed.ts'
import { readFile, ROOT, snippetsOf } from '../fixtures/markdown.ts'
import { startEmulator, startService } from '../helper.ts'
import { isEndpoint, isServer, wordsOf } from './commands.ts'

const run = promisify(execFile)
const snippets = snippetsOf(readFile('docs/clients.md'))
const TOKEN = 'a-long-random-word'

async function startGuarded (t: Test): Promise<{ address: string, requests: () => string[] }> {
  const { environment } = await startEmulator(t)
  const { address, logLines } = await startService(t, { ...environment, AUTH_MODE: 'token', AUTH_TOKENS: `ada:${TOKEN}` })
  return { address, requests: () => logLines.filter((line) => line.includes('"mcp"')) }
}

t.test('the programs of docs/clients.md compile, and get an answer in the revision that is meant for them', async (t) => {
  const compilerOptions = { noEmit: true, module: 'nodenext', target: 'es2024', types: ['node'], strict: true, skipLibCheck: true }
  const folder = t.testdir({ 'package.json': '{"type": "module"}', 'tsconfig.json': JSON.stringify({ compilerOptions, include: ['*.ts'] }) })
  const files = writeBlocks('docs/clients.md', folder)
  t.same(files, ['sessions.ts', 'stateless.ts'])
  mkdirSync(path.join(folder, 'node_modules'))
  for (const name of ['@modelcontextprotocol', '@types', 'undici-types', 'zod']) symlinkSync(path.join(ROOT, 'node_modules', name), path.join(folder, 'node_modules', name))
  await compile(folder)

  const { address } = await startGuarded(t)
  for (const [file, revision] of [['sessions.ts', 'session'], ['stateless.ts', 'stateless']] as const) {
    const { stdout, stderr } = await run(process.execPath, [path.join(folder, file)], { env: { MCP_URL: `${address}/mcp`, MCP_TOKEN: TOKEN, NODE_NO_WARNINGS: '1' } })
    t.match(stdout, /status: 'succeeded'/, file)
    t.match(stderr, /got the message/, `${file} tells how it goes on`)
    const metrics = await (await fetch(`${address}/metrics`)).text()
    t.match(metrics, revision === 'session' ? /protocol_version="2025-11-25"/ : /protocol_version="2026-07-28"/, file)
  }
})

t.test('the request without an SDK of docs/clients.md is answered', async (t) => {
  const { address } = await startGuarded(t)
  const words = wordsOf((snippets.find(({ text }) => text.startsWith('curl '))?.text ?? '').replaceAll('\\\n', ' '))
  const headers = words.flatMap((word, index) => words[index - 1] === '-H' ? [word.split(': ')] : [])
  const response = await fetch(`${address}/mcp`, {
    method: 'POST', headers: { ...Object.fromEntries(headers), authorization: `Bearer ${TOKEN}` }, body: words[words.indexOf('-d') + 1] ?? ''
  })
  t.equal(isEndpoint(words.find((word) => word.startsWith('http')) ?? ''), undefined)
  t.match(await response.json(), { result: { structuredContent: { agents: Array } } })
})

t.test('the files of docs/clients.md name the server as their clients want it', async (t) => {
  const files = snippets.filter(({ language }) => language === 'json').map(({ text }) => Object(JSON.parse(text)) as Record<string, Record<string, Record<string, unknown>>>)
  t.equal(files.length, 4)
  for (const { mcpServers, servers } of files) {
    const server = (mcpServers ?? servers)?.['dust']
    if (server?.['command'] === undefined) {
      t.equal(isServer(Object(server)), undefined)
    } else {
      const { command, args, env } = server as { command: string, args: string[], env: Record<string, string> }
      t.same([command, args[0]], ['npx', 'mcp-remote'])
      t.equal(isEndpoint(args[1] ?? ''), undefined)
      t.match(args.at(-1), /^Authorization:\$\{(\w+)\}$/)
      t.match(env['AUTHORIZATION'], /^Bearer /)
    }
  }
})
