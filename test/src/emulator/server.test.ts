import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { readEnvironment } from '../../../src/emulator/environment.ts'
import { headers } from './caller.ts'

const program = resolve(import.meta.dirname, '../../../src/emulator/server.ts')

function start (t: { teardown: (handler: () => unknown) => void }, env: Record<string, string>) {
  const child = spawn(process.execPath, [program], { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`the process serves until ${signal}, then ends well with a stream open`, async (t) => {
    const child = start(t, { EMULATOR_PORT: '0', EMULATOR_API_KEY: 'sk-mine', EMULATOR_WORKSPACE_ID: 'mine' })
    const [chunk] = await once(child.stdout, 'data')
    const url = /DUST_BASE_URL=(\S+) DUST_WORKSPACE_ID=mine DUST_API_KEY=sk-mine/.exec(String(chunk))?.[1]
    const base = `${url}/api/v1/w/mine`
    const own = { ...headers, authorization: 'Bearer sk-mine' }
    t.same(await (await fetch(`${base}/exists`, { headers: own })).json(), { exists: true })
    const { conversation } = JSON.parse(await (await fetch(`${base}/assistant/conversations`, { method: 'POST', headers: own, body: '{}' })).text())
    const stream = await fetch(`${base}/assistant/conversations/${conversation.sId}/events`, { headers: own })
    t.equal(stream.status, 200)
    const ended = once(child, 'exit')
    child.kill(signal)
    t.same(await ended, [0, null])
    await stream.text().catch(() => 'cut')
  })
}

t.test('a taken port is told in one line', async (t) => {
  const occupier = createServer().listen(0, '127.0.0.1')
  t.teardown(() => occupier.close())
  await once(occupier, 'listening')
  const address = occupier.address()
  const port = typeof address === 'object' ? String(address?.port) : ''
  const child = start(t, { EMULATOR_PORT: port })
  const [complaint, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  t.equal(complaint, `Port ${port} on 127.0.0.1 is taken. Set EMULATOR_PORT to a free one.\n`)
  t.equal(code, 1)
})

t.test('bad values are told in one line each', async (t) => {
  const child = start(t, { EMULATOR_PORT: 'many', EMULATOR_PACE: '-1' })
  const [complaint, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  t.same(complaint.trim().split('\n'), [
    'EMULATOR_PORT is "many"; it must be a whole number from 0 to 65535',
    'EMULATOR_PACE is "-1"; it must be a number from 0 to 100, such as 0.1'
  ])
  t.equal(code, 1)
})

t.test('the environment has defaults, and an empty value counts as not set', async (t) => {
  t.same(readEnvironment({ EMULATOR_PORT: '', EMULATOR_SEED: ' 7 ', EMULATOR_PACE: '0.5' }), {
    environment: { host: '127.0.0.1', port: 5055, options: { seed: 7, pace: 0.5, agents: 0, apiKey: 'sk-demo', workspaceId: 'demo' } }
  })
})

t.test('each variable has its own fault', async (t) => {
  const read = readEnvironment({ EMULATOR_HOST: 'a b', EMULATOR_PORT: '70000', EMULATOR_SEED: 'x', EMULATOR_PACE: '101', EMULATOR_AGENTS: '-1', EMULATOR_API_KEY: 'demo', EMULATOR_WORKSPACE_ID: 'a/b' })
  t.same('faults' in read && read.faults.map((fault) => fault.split(' ')[0]), ['EMULATOR_HOST', 'EMULATOR_PORT', 'EMULATOR_SEED', 'EMULATOR_PACE', 'EMULATOR_AGENTS', 'EMULATOR_API_KEY', 'EMULATOR_WORKSPACE_ID'])
})
