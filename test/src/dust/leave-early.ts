// Run by leaks.test.ts: uses a client in every way in which one can leave early, closes nothing, and must come to its end by itself.
import { createDustClient } from '../../../src/dust/client.ts'

const client = createDustClient({ baseUrl: process.argv[2] ?? '', workspaceId: 'demo', apiKey: 'sk-demo', username: 'tester', timezone: 'UTC' })
const run = await client.startRun({ agentId: 'deployer', content: 'Deploy it.' })

for await (const { event } of client.messageEvents(run)) {
  if (event.type === 'tool_approve_execution') break
}

const controller = new AbortController()
try {
  for await (const { event } of client.messageEvents(run, { signal: controller.signal })) {
    if (event.type === 'tool_approve_execution') controller.abort()
  }
} catch (error) {
  console.log(error instanceof Error && 'kind' in error ? error.kind : error)
}

await client.cancel(run.conversationId, [run.messageId])
for await (const { event } of client.messageEvents(run)) {
  if (event.type === 'run_completed') console.log(event.message.status)
}
await client.listAgents({ signal: AbortSignal.timeout(3_600_000) })
