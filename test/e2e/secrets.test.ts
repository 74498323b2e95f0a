import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { startCollector } from '../fixtures/collector.ts'
import { startRedis } from '../fixtures/redis.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { watchStatus } from '../fixtures/status-stream.ts'
import { initialize, post, startEmulator, toolCall, until } from '../helper.ts'
import { connectAs } from './clients/connect-as.ts'
import { startServerProcess } from './server-process.ts'

const SECRETS = {
  token: 'the-token-of-ada-is-long',
  wrongToken: 'the-token-of-nobody-is-long',
  metricsToken: 'only-prometheus-knows-this-word',
  requestStateKey: 'only-the-replicas-know-this-key-of-theirs',
  collectorKey: 'only-the-collector-knows-this-word'
}
const PROMPT = 'zebra crossing'
const ATTACHED = 'walrus ledger'
const UPLOADED = 'ocelot invoice'
/** What people said, and the agents. All of it may be in the store for a while, so that nothing is lost; nowhere else. */
const WORDS = [PROMPT, ATTACHED, UPLOADED]

/** Every file below a folder, as it is on the disk. */
function contentOf (folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1')).join('\n')
}

/** Uses all that can see a secret or somebody's words, also where it fails. Returns what people outside got to see beside the answers. */
async function tour (t: Test, address: string): Promise<string> {
  const ada = { authorization: `Bearer ${SECRETS.token}` }
  const watched = await watchStatus(t, address, { authorization: `Bearer ${SECRETS.metricsToken}` })
  for (const kind of ['SDK v1', 'SDK v2 pinned'] as const) {
    const client = await connectAs(t, kind, address, { token: SECRETS.token, person: async () => ({ action: 'accept', content: { decision: 'approve' } }) })
    const upload = await client.call('dust_upload_file', { name: 'a.txt', contentType: 'text/plain', text: UPLOADED })
    const attachments = [{ title: 'Note', text: ATTACHED }, { title: 'File', fileId: String(upload.structured['fileId']) }]
    for (const agent of ['dust', 'deployer', 'unlucky', 'archivist', 'doorman', 'clerk', 'nobody']) {
      const answer = await client.call('dust_ask_agent', { agent, message: PROMPT, attachments }, { onProgress: () => {} })
      const { conversationId } = answer.structured
      if (typeof conversationId === 'string') await client.call('dust_get_conversation', { conversationId })
    }
    await client.call('dust_search', { query: PROMPT, spaceId: 'vlt_global', dataSourceViewId: 'dsv_handbook' })
    await client.call('dust_search_nodes', { query: PROMPT })
    await client.call('dust_read_file', { uri: String(upload.structured['uri']) })
    await client.call('dust_ask_agent', { agent: 5, message: { words: PROMPT } })
    await client.call('dust_read_file', { uri: `dust://files/${PROMPT}` })
  }
  const refusals = [
    await post(address, initialize, { authorization: `Bearer ${SECRETS.wrongToken}` }),
    await post(address, initialize, { authorization: `Basic ${SECRETS.token}` }),
    await post(address, `{"${PROMPT}": ${SECRETS.token}`, ada),
    await post(address, toolCall(1, 'dust_ask_agent', { agent: 'dust', message: PROMPT }), { ...ada, 'mcp-session-id': SECRETS.wrongToken }),
    await postStateless(address, 'tools/call', { name: 'dust_ask_agent', arguments: { agent: 'dust', message: PROMPT }, requestState: SECRETS.wrongToken }, { headers: ada }),
    await fetch(`${address}/nothing?words=${encodeURIComponent(PROMPT)}&token=${SECRETS.token}`),
    await fetch(`${address}/metrics`, { headers: { authorization: `Bearer ${SECRETS.wrongToken}` } })
  ]
  const pages = [await fetch(`${address}/metrics`, { headers: { authorization: `Bearer ${SECRETS.metricsToken}` } }), await fetch(`${address}/health`), await fetch(`${address}/ready`)]
  t.ok(refusals.every(({ status }) => status < 500))
  t.equal(pages[0]?.status, 200)
  const end = watched.snapshots.length
  await until(() => watched.snapshots.length > end)
  return [watched.text, ...await Promise.all([...refusals, ...pages].map((response) => response.text()))].join('\n')
}

for (const store of ['SQLite', 'Redis']) {
  t.test(`a full run leaves no secret anywhere, and no words but in ${store}`, async (t) => {
    const folder = t.testdir({ logs: {}, store: {} })
    const redis = store === 'Redis' ? await startRedis(t, { password: 'the-password-of-redis', folder: path.join(folder, 'store') }) : undefined
    if (redis === null) return
    const { emulator: { emulator: dust }, environment } = await startEmulator(t)
    const collector = await startCollector(t)
    const server = await startServerProcess(t, {
      ...environment,
      ...collector.environment,
      OTEL_EXPORTER_OTLP_HEADERS: `x-key=${SECRETS.collectorKey}`,
      STORE_URL: redis?.url ?? `sqlite:${path.join(folder, 'store', 'store.db')}`,
      LOG_LEVEL: 'trace',
      LOG_FILE: path.join(folder, 'logs', 'server.log'),
      AUTH_MODE: 'token',
      AUTH_TOKENS: `ada:${SECRETS.token}`,
      METRICS_TOKEN: SECRETS.metricsToken,
      REQUEST_STATE_KEY: SECRETS.requestStateKey
    })
    const seen = await tour(t, server.address)
    server.child.kill('SIGTERM')
    await server.ended
    await redis?.stop()

    const places = { 'standard output': server.stdout.join('\n'), 'the log file': contentOf(path.join(folder, 'logs')), 'errors, metrics, health, the status page': seen, traces: Buffer.concat(collector.bodies).toString('latin1'), [store]: contentOf(path.join(folder, 'store')) }
    const secrets = { ...SECRETS, key: environment['DUST_API_KEY'] ?? '', redis: 'the-password-of-redis' }
    const answers = [...dust.workspace.runs.values()].map(({ message }) => message.content ?? '').filter((content) => content.length > 30).map((content) => content.slice(0, 30))
    t.ok(answers.length > 5)
    for (const [place, content] of Object.entries(places)) {
      t.ok(content.length > 500, `there is something in ${place}`)
      for (const [name, secret] of Object.entries(secrets)) t.notOk(content.includes(secret), `${name} is not in ${place}`)
      if (place === store) continue
      for (const words of [...WORDS, ...answers]) t.notOk(content.includes(words) || content.includes(encodeURIComponent(words)), `"${words}" is not in ${place}`)
    }
    t.ok(places[store]?.includes(PROMPT), 'it is looked for where it is')
  })
}
