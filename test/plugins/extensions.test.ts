import path from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { createService, loadConfig } from '../../src/index.ts'

/** Rejects when the plugin, whose source this is, can't be used. */
async function startWith (t: Test, source: string): Promise<unknown> {
  const file = path.join(t.testdir({ 'plugin.ts': source }), 'plugin.ts')
  return start(`./${path.relative(process.cwd(), file)}`)
}

async function start (specifier: string): Promise<unknown> {
  const config = loadConfig({ DUST_API_KEY: 'sk-none', DUST_WORKSPACE_ID: 'none', DUST_BASE_URL: 'http://127.0.0.1:9', STORE_URL: 'sqlite::memory:', EXTRA_PLUGINS: specifier })
  return createService(config, pino({ level: 'silent' }))
}

/** The source of a plugin that offers tools. */
const offering = (...tools: string[]): string => `export default async ({ mcp }) => { ${tools.map((tool) => `mcp.addTool(${tool})`).join('\n')} }`
const ticket = '{ name: "ticket", description: "Finds a ticket.", input: { type: "object" } }'
const handler = '() => ({ text: "found" })'

t.test('a path that leads nowhere', async (t) => {
  await t.rejects(start('./none.ts'), { code: 'EXTRA_PLUGIN_FAILED', message: `EXTRA_PLUGINS: ./none.ts was not found: there is no file ${path.resolve('none.ts')}` })
})

t.test('a path that is taken for a package', async (t) => {
  await t.rejects(start('examples/none.ts'), { message: /^EXTRA_PLUGINS: examples\/none\.ts was not found: no package .*; a path begins with \.\/ or \/$/ })
})

const faults: Array<[string, string, RegExp]> = [
  ['a syntax error', 'export default async () => {\n  const = 5\n}', /could not be loaded: Unexpected token.* \(file:.*plugin\.ts:2\)$/],
  ['a module that throws', 'throw new Error("no tickets\\nin the folder")', /could not be loaded: no tickets in the folder$/],
  ['a plugin that throws', 'export default async () => { throw new Error("the ticket system is down") }', /could not start: the ticket system is down$/],
  ['a plugin within it that throws', 'export default async (fastify) => { fastify.register(async () => { throw new Error("deep down") }) }', /could not start: deep down$/],
  ['nothing exported', 'export const plugin = async () => {}', /is no Fastify plugin: its default export must be a function$/],
  ['a package that is missing', 'import "mcp-missing"\nexport default async () => {}', /could not be loaded: Cannot find package 'mcp-missing' imported from .*plugin\.ts$/],
  ['a plugin that is missing', 'import fp from "fastify-plugin"\nexport default fp(async () => {}, { name: "tickets", dependencies: ["mcp", "database"] })', /could not start: The dependency 'database' of plugin 'tickets' is not registered$/],
  ['a tool that is there twice', offering(`${ticket}, ${handler}`, `${ticket}, ${handler}`), /could not start: A tool named "ticket" is registered already$/],
  ['a tool of the product', offering(`{ ...${ticket}, name: "dust_ask_agent" }, ${handler}`), /could not start: A tool named "dust_ask_agent" is registered already$/],
  ['a name that is not allowed', offering(`{ ...${ticket}, name: "find ticket" }, ${handler}`), /could not start: Tool name "find ticket" isn't allowed/],
  ['a schema that is none', offering(`{ ...${ticket}, input: { type: "object", properties: { number: { type: "word" } } } }, ${handler}`), /could not start: A schema of tool "ticket" can't be compiled: .*number\/type/],
  ['an output that is no object', offering(`{ ...${ticket}, output: { type: "string" } }, ${handler}`), /could not start: The input and output of tool "ticket" must be objects/],
  ['a module that is never ready', 'await new Promise(() => {}); export default async () => {}', /could not be loaded: its module was not ready within 5 s$/],
  ['no schema', offering(`{ name: "ticket" }, ${handler}`), /could not start: The input and output of tool "ticket" must be objects/],
  ['no handler', offering(ticket), /could not start: Tool "ticket" needs a handler: a function$/],
  ['a resource without a reader', 'export default async ({ mcp }) => { mcp.addResource({ name: "open", uri: "tickets://open" }) }', /could not start: Resource "open" needs a reader: a function$/],
  ['a template without a reader', 'export default async ({ mcp }) => { mcp.addResourceTemplate({ name: "one", uriTemplate: "tickets://{number}" }) }', /could not start: Resource template "one" needs a reader: a function$/],
  ['a prompt without a handler', 'export default async ({ mcp }) => { mcp.addPrompt({ name: "triage" }) }', /could not start: Prompt "triage" needs a handler: a function$/],
  ['a health check that is there twice', 'export default async ({ health }) => { health.addCheck("database", () => {}) }', /could not start: A health check named "database" is registered already$/]
]

for (const [fault, source, reason] of faults) {
  t.test(`${fault} stops the start, in words that name the plugin`, async (t) => {
    const error: unknown = await startWith(t, source).catch((error: unknown) => error)
    t.match(error, { code: 'EXTRA_PLUGIN_FAILED', message: reason })
    t.match(Object(error).message, /^EXTRA_PLUGINS: \.\/\S+plugin\.ts /)
  })
}

t.test('what had started before is closed', async (t) => {
  const closed: unknown[] = []
  Object.assign(globalThis, { testClosed: closed })
  await t.rejects(startWith(t, 'export default async (fastify) => { fastify.addHook("onClose", async () => { testClosed.push("plugin") }); throw new Error("too late") }'))
  t.same(closed, ['plugin'])
})
