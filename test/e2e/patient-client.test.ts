import path from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { Progress } from '@modelcontextprotocol/sdk/types.js'
import t from 'tap'
import { startEmulator, until } from '../helper.ts'
import { textOf } from './progress-text.ts'
import { startServerProcess } from './server-process.ts'

/** How often the SDK's client tries to come back if nobody tells it to be more patient. */
const DEFAULT_RETRIES = 2

t.test('a client that is patient gets its answer, though the server was away for longer than the SDK waits by itself', async (t) => {
  const { environment } = await startEmulator(t, { pace: 0.5 })
  const settings = { ...environment, STORE_URL: `sqlite:${path.join(t.testdir(), 'store.db')}` }
  const first = await startServerProcess(t, settings)
  const url = new URL('/mcp', first.address)

  const client = new Client({ name: 'test', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(url, {
    reconnectionOptions: { maxRetries: 30, initialReconnectionDelay: 1000, reconnectionDelayGrowFactor: 1.5, maxReconnectionDelay: 30_000 }
  })
  t.teardown(() => client.close())
  let attempts = 0
  client.onerror = ({ message }) => { if (message.startsWith('Failed to reconnect')) attempts++ }
  // The SDK's own class fits the SDK's own interface, except to `exactOptionalPropertyTypes`.
  await client.connect(transport as Transport)
  const progress: Progress[] = []
  const onprogress = (step: Progress): void => { progress.push(step) }
  const question = { agent: 'essayist', message: 'Go on' }

  const answer = client.callTool({ name: 'dust_ask_agent', arguments: question }, undefined, {
    onprogress, resetTimeoutOnProgress: true, timeout: 60_000, maxTotalTimeout: 900_000
  })
  await until(() => textOf(progress).length > 20)
  first.child.kill('SIGKILL')
  await first.ended
  // Of the call's stream and of the one for notices.
  await until(() => attempts > 2 * DEFAULT_RETRIES)
  await startServerProcess(t, { ...settings, PORT: url.port })
  const { structuredContent } = await answer
  t.match(structuredContent, { status: 'succeeded' })
  t.equal(textOf(progress), Object(structuredContent).answer)
})
