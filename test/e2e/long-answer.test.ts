import path from 'node:path'
import t from 'tap'
import { startEmulator, until } from '../helper.ts'
import { connectAs } from './clients/connect-as.ts'
import type { OfficialClient, Progress } from './clients/official-client.ts'
import { startServerProcess } from './server-process.ts'

const KINDS = ['SDK v1', 'SDK v2', 'SDK v2 pinned'] as const
/** So that the three minutes in which its tool is silent are some seconds longer than the ten after which a client hears of it. */
const SILENT_PACE = 0.07
/** How long the server collects text for one notification; a timer may be early by one. */
const COLLECT_MS = 199
/** What the server has to say beside pieces of text: that the agent got the message, began to use a tool, uses it, and has used it. */
const MOST_STEPS = 4
/** A notification without its text. */
const MOST_OVERHEAD_BYTES = 400
/** Memory is measured after each of them. */
const ANSWERS = 5
/** After the usual answer, which is longer than 1 MB. */
const MOST_GROWTH_BYTES = 400 * 1024

interface LongAnswer {
  answer: unknown
  status: unknown
  messageId: string
  text: string
  progress: Progress[]
  tookMs: number
}

async function askForLongAnswer (client: OfficialClient, onProgress: (progress: Progress) => void = () => {}): Promise<LongAnswer> {
  const progress: Progress[] = []
  const startedAt = performance.now()
  const { structured: { answer, status, messageId }, text } = await client.call('dust_ask_agent', { agent: 'marathoner', message: 'Tell me everything' }, {
    resetTimeoutOnProgress: true,
    onProgress: (notification) => {
      progress.push(notification)
      onProgress(notification)
    }
  })
  return { answer, status, messageId: String(messageId), text, progress, tookMs: performance.now() - startedAt }
}

t.test('a quarter of an hour of an agent, with a tool that is silent for minutes and more than 1 MB in 20000 pieces', async (t) => {
  const { emulator, environment } = await startEmulator(t, { pace: SILENT_PACE, pageSize: 2000 })
  const dust = emulator.emulator
  const { address } = await startServerProcess(t, {
    ...environment,
    STORE_URL: `sqlite:${path.join(t.testdir(), 'store.db')}`,
    DUST_AGENT_TOOLS: 'false',
    EXTRA_PLUGINS: path.join(import.meta.dirname, '..', 'fixtures', 'memory-plugin.ts')
  })
  const clients = await Promise.all(KINDS.map(async (kind) => ({ kind, client: await connectAs(t, kind, address) })))

  const alive = new Set<string>()
  const asked = clients.map(async ({ kind, client }) => ({
    kind,
    ...await askForLongAnswer(client, (notification) => { if (notification.kind === 'heartbeat') alive.add(kind) })
  }))
  await until(() => alive.size === KINDS.length)
  dust.pace.factor = 0
  for (const { kind, answer, status, messageId, text, progress, tookMs } of await Promise.all(asked)) {
    await t.test(`${kind}: the answer comes whole, and progress that a client can use`, async (t) => {
      const record = dust.message(messageId)
      t.equal(status, 'succeeded')
      t.ok(Buffer.byteLength(record?.content ?? '') > 1024 ** 2 && (record?.events ?? 0) > 20_000, 'it is as long as it must be')
      t.ok(answer === record?.content, 'it is what the agent said')
      t.ok(text.startsWith(record?.content ?? 'nothing'), 'a model gets it whole, too')

      const pieces = progress.filter(({ kind }) => kind === 'text')
      const told = pieces.filter(({ draft }) => draft === pieces.at(-1)?.draft).map(({ message }) => message).join('')
      t.ok(told === record?.content, 'and so are the pieces')
      t.match(progress.find(({ kind }) => kind === 'heartbeat')?.message, /^Still working, \d+ s so far\. .*Reading everything/, 'while the tool is silent it says what the agent does')

      const drafts = new Set(pieces.map(({ draft }) => draft)).size
      t.ok(pieces.length <= tookMs / COLLECT_MS + drafts, `${pieces.length} pieces in ${Math.round(tookMs)} ms`)
      t.ok(progress.length - pieces.length <= MOST_STEPS + tookMs / 10_000, `${progress.length - pieces.length} other notifications`)
      const bytes = progress.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
      const escaped = Buffer.byteLength(JSON.stringify(pieces.map(({ message }) => message).join('')))
      t.ok(bytes <= escaped + progress.length * MOST_OVERHEAD_BYTES, `${bytes} bytes, ${escaped} of them text`)
    })
  }

  await t.test('the server keeps nothing of it', async (t) => {
    const growths: number[] = []
    let before: number | undefined
    for (let number = 0; number <= ANSWERS; number++) {
      const client = clients[number % clients.length]?.client
      if (client === undefined) throw new Error('There is no client')
      const { answer, messageId } = await askForLongAnswer(client)
      t.ok(answer === dust.message(messageId)?.content)
      const held = Number((await client.call('measure_memory', {})).structured['heldBytes'])
      if (before !== undefined) growths.push(held - before)
      before = held
    }
    // Not the sum: what Node.js allocates or frees once, such as code, is more than an answer.
    const usual = growths.toSorted((a, b) => a - b)[Math.floor(ANSWERS / 2)] ?? NaN
    t.ok(usual < MOST_GROWTH_BYTES, `${growths.join(', ')} bytes more after each answer`)
  })
})
