import path from 'node:path'
import t from 'tap'
import { openSession, post, toolCall, until } from '../helper.ts'
import { run, startServerProcess } from './server-process.ts'

const settings = { DUST_API_KEY: 'sk-none', DUST_WORKSPACE_ID: 'none', DUST_BASE_URL: 'http://127.0.0.1:9', STORE_URL: 'sqlite::memory:' }

/** The source of a plugin that offers one tool of that name, which says so. */
const offering = (name: string, type = ''): string => `
  import { ToolError } from 'mcp-dust-server'
  export default async (fastify${type}) => {
    fastify.mcp.addTool({ name: '${name}', description: 'Refuses.', input: { type: 'object' } }, () => { throw new ToolError('${name} refuses') })
  }`

t.test('loads plugins by path and by package, in the order in which they are named', async (t) => {
  const folder = t.testdir({
    'first.ts': offering('first', ': import("fastify").FastifyInstance'),
    more: { 'second.js': offering('second') },
    node_modules: {
      '@acme': {
        'mcp-third': { 'package.json': JSON.stringify({ name: '@acme/mcp-third', type: 'module', exports: { import: './main.js' } }), 'main.js': offering('third') }
      },
      'mcp-fourth': { 'package.json': JSON.stringify({ name: 'mcp-fourth', main: 'main.cjs' }), 'main.cjs': 'module.exports = async () => { require("mcp-dust-server").ToolError }' }
    }
  })
  const named = ['@acme/mcp-third', './first.ts', 'mcp-fourth', path.join(folder, 'more', 'second.js')]
  const { address, stdout } = await startServerProcess(t, { ...settings, EXTRA_PLUGINS: named.join(' , ') }, { cwd: folder })
  const loaded = stdout.map((line) => Object(JSON.parse(line))).filter(({ msg }) => msg === 'extra plugin loaded').map(({ plugin }) => plugin)
  t.same(loaded, named)

  const session = await openSession(address)
  for (const name of ['first', 'second', 'third']) {
    const response = await post(address, toolCall(1, name), session)
    t.match(await response.json(), { result: { isError: true, content: [{ text: `${name} refuses` }] } }, 'its ToolError is the one that the service knows')
  }
})

t.test('a plugin that can not be used ends the start: a line that names it, nothing listens', async (t) => {
  const folder = t.testdir({
    'throws.ts': 'throw new Error("no tickets\\nin the folder")',
    'clash.ts': offering('dust_ask_agent')
  })
  const faults: Array<[string, string]> = [
    ['@acme/none', `was not found: no package of that name is installed in ${folder}; a path begins with ./ or /`],
    ['./throws.ts', 'could not be loaded: no tickets in the folder'],
    ['./clash.ts', 'could not start: A tool named "dust_ask_agent" is registered already']
  ]
  for (const [specifier, reason] of faults) {
    const { ended, stderr, stdout } = run(t, 'src/server.ts', { ...settings, PORT: '0', EXTRA_PLUGINS: specifier }, [], folder)
    t.match(await ended, { code: 1, signal: null }, specifier)
    t.same(stderr, [`The server could not start: EXTRA_PLUGINS: ${specifier} ${reason}`])
    t.match(stdout.at(-1), /"level":"fatal".*EXTRA_PLUGIN_FAILED/, 'the log has it, too')
    t.notMatch(stdout.join('\n'), /Server listening/)
  }
})

t.test('a fault outside of any request ends the process in order: what runs is answered', async (t) => {
  const folder = t.testdir({
    'forgetful.ts': `
      export default async ({ mcp }) => {
        mcp.addTool({ name: 'forget', description: 'Leaves a promise behind.', input: { type: 'object' } }, () => {
          setTimeout(async () => { throw new Error('nobody waits for this') }, 0)
          return { text: 'said and done' }
        })
        mcp.addTool({ name: 'long', description: 'Ends a little after the process was told to.', input: { type: 'object' } }, async () => {
          const { promise, resolve } = Promise.withResolvers()
          process.once('unhandledRejection', () => setTimeout(resolve, 200))
          process.stdout.write('{"msg":"long has begun"}\\n')
          await promise
          return { text: 'finished' }
        })
      }`
  })
  const { address, stdout, ended } = await startServerProcess(t, { ...settings, EXTRA_PLUGINS: './forgetful.ts' }, { cwd: folder })
  const session = await openSession(address)
  const long = post(address, toolCall(1, 'long'), session)
  await until(() => stdout.some((line) => line.includes('long has begun')))
  t.match(await (await post(address, toolCall(2, 'forget'), session)).json(), { result: { content: [{ text: 'said and done' }] } })
  const answer = await (await long).text()
  t.match(answer, /"text":"finished"/)
  t.match(await ended, { code: 1, signal: null })
  t.match(stdout.find((line) => line.includes('"level":"fatal"')) ?? '', /nobody waits for this.*forgetful\.ts/, 'its stack leads to the plugin')
})
