import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { FetchLike, Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { ElicitRequestSchema, type ElicitResult } from '@modelcontextprotocol/sdk/types.js'
import type { Test } from 'tap'
import { until } from '../helper.ts'

export interface WanderingClient {
  client: Client
  transport: StreamableHTTPClientTransport
  /** Where each request went that was answered: its JSON-RPC method, `answer` for one to a question, or its HTTP method. */
  landings: Array<{ what: string, at: number }>
  /** Where the next requests of a kind shall go; others take turns. */
  pins: Record<string, number>
  /** The notices that came, by method. */
  notices: Array<{ method: string, params: unknown }>
  /** What the SDK complained of. */
  errors: string[]
}

/**
 * The official SDK's client, whose every request goes to another replica than the one before, or on to the next one where nobody
 * listens, as a load balancer does it. Connected and listening to notices until the test ends.
 *
 * @param pins where requests of a kind shall go from the beginning
 * @param answer what a person answers to a question
 * @param headers what each request has
 */
export async function connectWandering (t: Test, addresses: readonly string[], pins: Record<string, number> = {}, answer?: (message: string) => Promise<ElicitResult>, headers: Record<string, string> = {}): Promise<WanderingClient> {
  const landings: WanderingClient['landings'] = []
  const notices: WanderingClient['notices'] = []
  const errors: string[] = []
  let turn = 0

  const wander: FetchLike = async (_url, init) => {
    const what = nameOf(init)
    let at = pins[what] ?? turn++ % addresses.length
    for (let refusals = 0; ; refusals++, at = (at + 1) % addresses.length) {
      try {
        const response = await fetch(new URL('/mcp', addresses[at]), init)
        landings.push({ what, at })
        return response
      } catch (error) {
        if (!isRefusal(error) || refusals === addresses.length - 1) throw error
      }
    }
  }

  const client = new Client({ name: 'wandering', version: '1.0.0' }, { capabilities: answer === undefined ? {} : { elicitation: {} } })
  if (answer !== undefined) client.setRequestHandler(ElicitRequestSchema, async ({ params }) => answer(params.message))
  client.fallbackNotificationHandler = async ({ method, params }) => { notices.push({ method, params }) }
  client.onerror = ({ message }) => { errors.push(message) }
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', addresses[0]), { fetch: wander, requestInit: { headers } })
  t.teardown(() => client.close())
  // The SDK's own class fits the SDK's own interface, except to `exactOptionalPropertyTypes`.
  await client.connect(transport as Transport)
  await until(() => landings.some(({ what }) => what === 'GET'))
  return { client, transport, landings, pins, notices, errors }
}

function nameOf (init: RequestInit | undefined): string {
  if (typeof init?.body !== 'string') return init?.method ?? 'GET'
  return String(Object(JSON.parse(init.body)).method ?? 'answer')
}

function isRefusal (error: unknown): boolean {
  return Object(Object(error).cause).code === 'ECONNREFUSED'
}
