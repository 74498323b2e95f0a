import t from 'tap'
import { startEmulator } from './emulated-dust.ts'
import { connect } from './scripted-dust.ts'

t.test('a long answer arrives whole, although its connections end all the time and a tool is silent', async (t) => {
  const dust = await startEmulator(t, { connectionLifetimeMs: 50, pageSize: 2000 })
  const client = connect(t, dust.baseUrl, { apiKey: 'sk-demo' })
  const run = await client.startRun({ agentId: 'marathoner', content: 'Tell me everything' })
  const steps: string[] = []
  let pieces = 0
  let written = ''
  for await (const { event } of client.messageEvents(run)) {
    if (event.type === 'generation_tokens') {
      pieces++
      written = (event.step ?? 0) === 0 ? '' : written + event.text
    } else if (event.type !== 'run_completed') steps.push(event.type)
    else t.equal(event.message.content, written)
  }
  t.ok(pieces >= 20_000)
  t.ok(Buffer.byteLength(written) > 1024 * 1024)
  t.strictSame(steps, ['tool_call_started', 'tool_params', 'agent_action_success', 'agent_message_success'])
  t.ok((dust.emulator.message(run.messageId)?.connections ?? 0) > 1)
})
