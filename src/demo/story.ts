import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'

type Print = (words: string) => void

interface Question {
  agent: string
  message: string
  conversationId?: string
}

/** An agent may take longer than the 60 s that the SDK's client waits by itself. */
const PATIENCE = { timeout: 60_000, resetTimeoutOnProgress: true, maxTotalTimeout: 900_000 }

/** Plays an MCP client against the service: looks around, asks an agent, asks again, looks at its health. */
export async function tellStory (address: string, print: Print): Promise<void> {
  const client = new Client({ name: 'demo', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', address))
  // The SDK's own class fits the SDK's own interface, except to `exactOptionalPropertyTypes`.
  await client.connect(transport as Transport)

  print('\nAn MCP client has connected. Which agents are there?\n\n')
  print(`${textOf(await client.callTool({ name: 'dust_list_agents', arguments: {} }))}\n`)

  const conversationId = await ask(client, { agent: 'Essayist', message: 'How should we plan the move to the new office?' }, print)
  await ask(client, { agent: 'Researcher', message: 'And what could go wrong with it?', conversationId }, print)

  const health = await fetch(new URL('/health', address))
  print(`\nHow is the server? GET /health says:\n\n${JSON.stringify(await health.json(), null, 2)}\n`)

  await transport.terminateSession()
  await client.close()
}

async function ask (client: Client, question: Question, print: Print): Promise<string> {
  print(`\n> ${question.agent}, ${question.message}\n\n`)
  const result = await client.callTool({ name: 'dust_ask_agent', arguments: { ...question } }, undefined, {
    ...PATIENCE,
    onprogress: (progress) => { print(kindOf(progress) === 'text' ? progress.message ?? '' : `\n  [${progress.message}]\n`) }
  })
  const { answer, status, conversationId } = readAnswer(result.structuredContent)
  print(`\n\nThe final answer (${status}, conversation ${conversationId}):\n\n${answer}\n`)
  return conversationId
}

/** What the server says of a progress notification, beside its message: a piece of the answer, or something about it. */
function kindOf (progress: object): unknown {
  const meta: unknown = '_meta' in progress ? progress._meta : undefined
  return typeof meta === 'object' && meta !== null && 'mcp-dust-server/kind' in meta ? meta['mcp-dust-server/kind'] : undefined
}

function readAnswer (structured: unknown): { answer: string, status: string, conversationId: string } {
  const { answer, status, conversationId } = Object(structured) as Record<string, unknown>
  return { answer: String(answer), status: String(status), conversationId: String(conversationId) }
}

function textOf (result: object): string {
  const content: unknown[] = 'content' in result && Array.isArray(result.content) ? result.content : []
  return content
    .map((block) => typeof block === 'object' && block !== null && 'text' in block ? String(block.text) : '')
    .join('\n')
}
