import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'
import { connect, openSession, post, toolCall } from '../helper.ts'

type Habit = (client: Client, address: string) => Promise<unknown>

/** Waits without progress, so that nothing comes for two seconds, which half a dozen of clients do at the same time. */
const askInSilence: Habit = (client) => client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'dust', message: 'Are you there?' } })

/** What clients do all day that work well, err, or go away: nothing of it is a reason to wake anybody. */
const HABITS: Habit[] = [
  ...Array.from({ length: 6 }, () => askInSilence),
  (client) => client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'dust', message: 'What is new?' } }, undefined, { onprogress: () => {} }),
  // It needs a person's approval, which ends the call.
  (client) => client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'deployer', message: 'Deploy it' } }),
  (client) => client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'essayist', message: 'Never mind' } }, undefined, { signal: AbortSignal.timeout(1000) }),
  async (client) => {
    await client.listTools()
    await client.callTool({ name: 'dust_list_agents', arguments: {} })
    await client.ping()
  },
  async (_, address) => {
    const session = await openSession(address)
    await fetch(`${address}/mcp`, { method: 'DELETE', headers: session })
    await post(address, toolCall(1, 'dust_list_agents'), session)
  },
  async (_, address) => {
    const session = await openSession(address)
    const answer = await post(address, toolCall(1, 'dust_ask_agent', { agent: 'dust', message: 'I can not stay' }), session, AbortSignal.timeout(1000))
    await answer.text()
  },
  async (client, address) => {
    await post(address, '{"jsonrpc": "2.0", ')
    await fetch(`${address}/mcp`, { method: 'PUT' })
    await fetch(`${address}/wp-login.php`)
    await client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'dust' } })
    await client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'nobody', message: 'Are you there?' } })
    await client.callTool({ name: 'dust_get_conversation', arguments: { conversationId: 'none' } })
    await client.callTool({ name: 'no_such_tool', arguments: {} })
  },
  async (_, address) => {
    for (const path of ['/livez', '/ready', '/health']) await fetch(address + path)
  }
]

/** Has a client for each habit follow it again and again, also while the server is started anew, until the test ends. */
export async function keepUsing (t: Test, address: string): Promise<void> {
  const end = new AbortController()
  const clients = await Promise.all(HABITS.map(async (habit) => ({ habit, client: (await connect(t, address)).client })))
  const lives = clients.map(async ({ habit, client }) => {
    while (!end.signal.aborted) {
      // Many of these are meant to fail; the metrics tell what became of them.
      await habit(client, address).catch(() => {})
      await wait(1000)
    }
  })
  t.teardown(async () => {
    end.abort()
    for (const { client } of clients) await client.close()
    await Promise.all(lives)
  })
}
