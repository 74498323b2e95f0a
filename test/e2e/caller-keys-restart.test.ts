import path from 'node:path'
import t from 'tap'
import { connect, startEmulator, until } from '../helper.ts'
import { askAgent, faultsOf, piecesOf } from './agent-call.ts'
import { startServerProcess } from './server-process.ts'

/** A process may take longer to start again than the SDK is patient. */
const PATIENT = { initialReconnectionDelay: 1000, maxReconnectionDelay: 1000, reconnectionDelayGrowFactor: 1, maxRetries: 30 }

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  t.test(`the only process ends by ${signal}: the next one goes on, as soon as the client is back with its key`, async (t) => {
    const { emulator: { emulator: dust }, environment } = await startEmulator(t, { pace: 1 })
    const { DUST_BASE_URL = '' } = environment
    const settings = { DUST_BASE_URL, DUST_KEY_PASSTHROUGH: 'true', DRAIN_TIMEOUT: '0s', STORE_URL: `sqlite:${path.join(t.testdir(), 'store.db')}` }
    const first = await startServerProcess(t, settings)
    const headers = { 'x-dust-api-key': dust.settings.apiKey, 'x-dust-workspace-id': dust.settings.workspaceId }
    const { client } = await connect(t, first.address, undefined, { reconnectionOptions: PATIENT, requestInit: { headers } })
    const essay = askAgent(client, 'essayist', 'At length: what is rest?')
    await until(() => piecesOf(essay.progress).length > 1)
    first.child.kill(signal)
    await first.ended
    await startServerProcess(t, { ...settings, PORT: new URL(first.address).port })
    const heard = piecesOf(essay.progress).length
    await until(() => piecesOf(essay.progress).length > heard)
    dust.pace.factor = 0
    t.same(await faultsOf(essay, dust), [], 'each piece once, the agent asked once')
  })
}
