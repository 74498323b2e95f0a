/**
 * What the compiler must accept and refuse of a plugin's author. Nothing here runs: `npm run typecheck` is the test,
 * and a line that should be refused but isn't makes it fail.
 */
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { InputRequest, Operation, OperationHook, PromptHandler, ToolDefinition, ToolHandler, ToolResult } from 'mcp-dust-server'

/** The compiler takes two conditional types for the same only when what they ask for is identical; `any` is identical to nothing else. */
type Identical<One, Other> = (<T>() => T extends One ? 1 : 2) extends (<T>() => T extends Other ? 1 : 2) ? [] : ['another type is wanted']

/** Accepts a value of exactly this type. */
function exactly<Wanted> (): <Actual>(value: Actual, ...fault: Identical<Wanted, Actual>) => void {
  return () => {}
}

const Ticket = Type.Object({ number: Type.Integer(), tags: Type.Array(Type.String()), owner: Type.Optional(Type.String()) })
const described = { name: 'ticket', description: 'Finds a ticket.' }
const question = { method: 'elicitation/create', params: { mode: 'form', message: 'Sure?', requestedSchema: { type: 'object', properties: {} } } } satisfies InputRequest
const sampling = { method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } } satisfies InputRequest
const roots = { method: 'roots/list' } satisfies InputRequest

// @ts-expect-error the tool of these tests works
exactly<string>()(5)
// @ts-expect-error also where a type was lost
exactly<string>()(JSON.parse('5'))

export function argumentsFollowFromTheSchema ({ mcp }: FastifyInstance): void {
  mcp.addTool({ ...described, input: Ticket }, ({ number, tags, owner }) => {
    exactly<number>()(number)
    exactly<string[]>()(tags)
    exactly<string | undefined>()(owner)
    return { text: tags.join() }
  })
  mcp.addTool({ ...described, input: Type.Unsafe<{ plain: boolean }>({ type: 'object' }) }, ({ plain }) => {
    exactly<boolean>()(plain)
    return {}
  })
  // @ts-expect-error there is no such argument
  mcp.addTool({ ...described, input: Ticket }, ({ title }) => ({ text: String(title) }))
  // @ts-expect-error a number has no such method
  mcp.addTool({ ...described, input: Ticket }, ({ number }) => ({ text: number.toUpperCase() }))
  // @ts-expect-error it may be missing
  mcp.addTool({ ...described, input: Ticket }, ({ owner }) => ({ text: owner.trim() }))
  // @ts-expect-error a schema is needed
  mcp.addTool(described, () => ({ text: '' }))
  // @ts-expect-error a description is needed
  mcp.addTool({ name: 'ticket', input: Ticket }, () => ({ text: '' }))
  // @ts-expect-error a handler is needed
  mcp.addTool({ ...described, input: Ticket })
}

export function resultsFollowFromTheSchema ({ mcp }: FastifyInstance): void {
  const definition = { ...described, input: Type.Object({}), output: Ticket }
  mcp.addTool(definition, () => ({ structured: { number: 1, tags: [] } }))
  mcp.addTool(definition, async () => ({ isError: true, text: 'None.' }))
  // @ts-expect-error tags are missing
  mcp.addTool(definition, () => ({ structured: { number: 1 } }))
  // @ts-expect-error a number is wanted
  mcp.addTool(definition, async () => ({ structured: { number: 'one', tags: [] } }))
  // @ts-expect-error a text is a string
  mcp.addTool(definition, () => ({ text: 5 }))
  // @ts-expect-error there is no such block
  mcp.addTool(definition, () => ({ content: [{ type: 'hologram' }] }))
  // @ts-expect-error something must be returned
  mcp.addTool(definition, () => {})
  mcp.addTool({ ...described, input: Type.Object({}) }, () => ({ structured: { anything: 'goes', without: ['an output'] } }))
}

export function handlersStandAlone ({ mcp }: FastifyInstance): void {
  const definition: ToolDefinition<typeof Ticket> = { ...described, input: Ticket }
  const handler: ToolHandler<typeof Ticket> = ({ number }, { signal }): ToolResult => ({ text: `${number} ${signal.aborted}` })
  mcp.addTool(definition, handler)
  // @ts-expect-error it is the handler of another tool
  mcp.addTool({ ...described, input: Type.Object({ word: Type.String() }) }, handler)
}

export function promptsAndResources ({ mcp }: FastifyInstance): void {
  const input = Type.Object({ ticket: Type.String(), level: Type.Optional(Type.String()) })
  mcp.addPrompt({ name: 'triage', input, complete: { level: () => ['high'], ticket: async (typed) => [typed] } }, ({ ticket, level }) => {
    exactly<string>()(ticket)
    exactly<string | undefined>()(level)
    return ticket
  })
  const handler: PromptHandler<typeof input> = ({ ticket }) => ({ messages: [{ role: 'user', content: { type: 'text', text: ticket } }] })
  mcp.addPrompt({ name: 'triage', input }, handler)
  // @ts-expect-error there is no such argument to complete
  mcp.addPrompt({ name: 'triage', input, complete: { title: () => [] } }, () => '')
  // @ts-expect-error suggestions are a list of texts
  mcp.addPrompt({ name: 'triage', input, complete: { level: () => [1] } }, () => '')
  // @ts-expect-error nobody has that role
  mcp.addPrompt({ name: 'triage' }, () => ({ messages: [{ role: 'system', content: { type: 'text', text: '' } }] }))

  mcp.addResource({ uri: 'tickets://open', name: 'open' }, (operation, uri) => ({ text: `${operation.caller} ${uri}` }))
  mcp.addResource({ uri: 'tickets://logo', name: 'logo' }, async () => ({ blob: new Uint8Array(), mimeType: 'image/png' }))
  mcp.addResourceTemplate({ uriTemplate: 'tickets://{number}', name: 'one' }, ({ number }) => {
    exactly<string | undefined>()(number)
    return null
  })
  // @ts-expect-error a resource is a text or bytes
  mcp.addResource({ uri: 'tickets://open', name: 'open' }, () => ({ json: {} }))
  // @ts-expect-error nothing is null, not undefined
  mcp.addResource({ uri: 'tickets://open', name: 'open' }, () => undefined)
}

export async function answersFollowFromTheQuestion (operation: Operation): Promise<void> {
  exactly<'accept' | 'decline' | 'cancel'>()((await operation.ask('sure', question)).action)
  exactly<string>()((await operation.ask('summary', sampling)).model)
  exactly<string | undefined>()((await operation.ask('folders', roots)).roots[0]?.uri)
  const { sure, folders } = await operation.askAll({ sure: question, folders: roots })
  exactly<'accept' | 'decline' | 'cancel'>()(sure.action)
  exactly<string | undefined>()(folders.roots[0]?.uri)
  exactly<{ id: number }>()(await operation.once('created', async () => ({ id: 1 })))
  // @ts-expect-error a question has a key
  await operation.ask(question)
  // @ts-expect-error there is no such question
  await operation.ask('sure', { method: 'tools/call', params: {} })
  // @ts-expect-error there is no such level
  await operation.log('loud', 'words')
}

export function dustForWhoeverAsks ({ dust, mcp }: FastifyInstance): void {
  mcp.addTool({ ...described, input: Ticket }, async (_args, operation) => {
    const agents = await dust.for(operation).listAgents()
    const { result } = await mcp.inject('tools/call', { name: 'ticket' }, { caller: operation.caller, credential: operation.credential })
    return { text: agents.map(({ name }) => name).join(), isError: result.isError === true }
  })
  // @ts-expect-error somebody must have asked
  dust.for()
  // @ts-expect-error and without their key it's nobody's
  dust.for({ caller: 'ada' })
  // @ts-expect-error nothing is done with just any key
  dust.listAgents().catch(() => {})
  // @ts-expect-error the server may have none
  dust.own.listAgents().catch(() => {})
}

export function routesOfTheirOwn (fastify: FastifyInstance): void {
  fastify.get('/tickets', { onRequest: [fastify.security.refuseStrangers, fastify.auth.identify, fastify.callerKeys.take] }, async (request) => {
    exactly<string>()(request.caller)
    fastify.dust.for(request)
    return fastify.config.extraPlugins
  })
}

export async function hooksAndTests ({ mcp, health, instruments }: FastifyInstance): Promise<void> {
  const hook: OperationHook = async ({ method, operation }, next) => {
    exactly<string>()(method)
    exactly<string>()(operation.caller)
    return next()
  }
  mcp.addHook(hook)
  mcp.change(() => { mcp.removeTool('ticket') }, { isEverywhere: true })
  mcp.explainMissingTool(async (name) => name === 'ticket' ? 'Use issue.' : undefined)
  // @ts-expect-error what it says is a text
  mcp.explainMissingTool(async () => 404)
  // @ts-expect-error the result must be returned
  mcp.addHook(async (_request, next) => { await next() })

  const { result, progress } = await mcp.inject('tools/call', { name: 'ticket', arguments: { number: 1 } })
  exactly<boolean | undefined>()(result.isError)
  exactly<string | undefined>()(progress[0]?.message)

  health.addCheck('tickets', async (signal) => { signal.throwIfAborted() }, { required: true })
  // @ts-expect-error a check throws, or returns nothing
  health.addCheck('tickets', async () => 'fine')
  instruments.onScrape(() => {})
}
