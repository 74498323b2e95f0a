import { Client, LOG_LEVEL_META_KEY, StreamableHTTPClientTransport, type VersionNegotiationMode } from '@modelcontextprotocol/client'
import type { Scope } from '../../helper.ts'
import { ANSWERS, bytesOf, capabilitiesOf, identifiedBy, PATIENT, textOf, toProgress, toQuestion, type ConnectOptions, type LogLevel, type OfficialClient } from './official-client.ts'

/** `@modelcontextprotocol/client`: speaks the revisions with sessions unless it is told to look for the one without. */
export async function connectSdk2 (t: Scope, address: string, options: ConnectOptions, mode?: VersionNegotiationMode): Promise<OfficialClient> {
  const { canAnswer = true, person = async () => ({ ...ANSWERS.person }), onTools, onLog } = options
  const client = new Client({ name: 'sdk-v2', version: '2.0.0' }, {
    capabilities: capabilitiesOf(options),
    ...(mode === undefined ? {} : { versionNegotiation: { mode } }),
    ...(onTools === undefined ? {} : { listChanged: { tools: { debounceMs: 0, onChanged: (_error, tools) => { onTools((tools ?? []).map(({ name }) => name)) } } } })
  })
  if (canAnswer) {
    client.setRequestHandler('elicitation/create', async ({ params }, { mcpReq }) => person(toQuestion(params, mcpReq.signal)))
    client.setRequestHandler('sampling/createMessage', async () => ({ ...ANSWERS.model }))
    client.setRequestHandler('roots/list', async () => ({ roots: [...ANSWERS.folders.roots] }))
  }
  client.setNotificationHandler('notifications/message', ({ params }) => { onLog?.(params.level) })
  t.teardown(() => client.close())
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', address), { ...identifiedBy(options), reconnectionOptions: PATIENT }))
  const hasSessions = client.getProtocolEra() === 'legacy'
  let logLevel: LogLevel | undefined

  return {
    revision: client.getNegotiatedProtocolVersion(),
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args, { onProgress, ...options } = {}) => {
      const result = await client.callTool({ name, arguments: args, ...(logLevel === undefined ? {} : { _meta: { [LOG_LEVEL_META_KEY]: logLevel } }) }, {
        ...options,
        ...(onProgress === undefined ? {} : { onprogress: (progress) => { onProgress(toProgress(progress)) } })
      })
      return { text: textOf(result.content), structured: Object(result.structuredContent), isError: result.isError === true }
    },
    resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    templates: async () => (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
    read: async (uri) => textOf((await client.readResource({ uri })).contents),
    readBytes: async (uri) => bytesOf((await client.readResource({ uri })).contents),
    prompts: async () => (await client.listPrompts()).prompts.map(({ name }) => name),
    prompt: async (name, args) => textOf((await client.getPrompt({ name, arguments: args })).messages.map(({ content }) => content)),
    complete: async (prompt, name, value) => (await client.complete({ ref: { type: 'ref/prompt', name: prompt }, argument: { name, value } })).completion.values,
    completeUri: async (uri, name, value) => (await client.complete({ ref: { type: 'ref/resource', uri }, argument: { name, value } })).completion.values,
    setLogLevel: async (level) => {
      if (hasSessions) await client.setLoggingLevel(level)
      else logLevel = level
    },
    watch: async (uri, onUpdate) => {
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => { onUpdate(params.uri) })
      if (hasSessions) await client.subscribeResource({ uri })
      else await client.listen({ resourceSubscriptions: [uri] })
    }
  }
}
