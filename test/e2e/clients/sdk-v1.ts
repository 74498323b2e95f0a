import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema, LoggingMessageNotificationSchema, ResourceUpdatedNotificationSchema
} from '@modelcontextprotocol/sdk/types.js'
import type { Scope } from '../../helper.ts'
import { ANSWERS, bytesOf, capabilitiesOf, identifiedBy, PATIENT, textOf, toProgress, toQuestion, type ConnectOptions, type OfficialClient } from './official-client.ts'

/** `@modelcontextprotocol/sdk`, the SDK that nearly all of today's clients are made with. */
export async function connectSdk1 (t: Scope, address: string, options: ConnectOptions): Promise<OfficialClient> {
  const { canAnswer = true, person = async () => ({ ...ANSWERS.person }), onTools, onLog } = options
  const client = new Client({ name: 'sdk-v1', version: '1.0.0' }, {
    capabilities: capabilitiesOf(options),
    ...(onTools === undefined ? {} : { listChanged: { tools: { debounceMs: 0, onChanged: (_error, tools) => { onTools((tools ?? []).map(({ name }) => name)) } } } })
  })
  if (canAnswer) {
    client.setRequestHandler(ElicitRequestSchema, async ({ params }, { signal }) => person(toQuestion(params, signal)))
    client.setRequestHandler(CreateMessageRequestSchema, async () => ({ ...ANSWERS.model }))
    client.setRequestHandler(ListRootsRequestSchema, async () => ({ roots: [...ANSWERS.folders.roots] }))
  }
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => { onLog?.(params.level) })
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', address), { ...identifiedBy(options), reconnectionOptions: PATIENT })
  t.teardown(() => client.close())
  // The SDK's own class fits the SDK's own interface, except to `exactOptionalPropertyTypes`.
  await client.connect(transport as Transport)

  return {
    revision: transport.protocolVersion,
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args, { onProgress, ...options } = {}) => {
      const result = await client.callTool({ name, arguments: args }, undefined, {
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
    setLogLevel: async (level) => { await client.setLoggingLevel(level) },
    watch: async (uri, onUpdate) => {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => { onUpdate(params.uri) })
      await client.subscribeResource({ uri })
    }
  }
}
