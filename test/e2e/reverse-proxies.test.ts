import { mkdirSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { startHaproxy } from '../fixtures/haproxy.ts'
import { startNginx } from '../fixtures/nginx.ts'
import { requireProgram } from '../fixtures/programs.ts'
import type { ReverseProxyOptions } from '../fixtures/reverse-proxy.ts'
import { startEmulator, startService, until } from '../helper.ts'
import { connectAs, type ClientKind } from './clients/connect-as.ts'
import type { Progress } from './clients/official-client.ts'

/**
 * Proxies give up on a connection after 60 s without a byte, and the server says something every 15 s. What keeps an answer
 * that takes three minutes alive is that the pause between two signs of life is shorter than the timeout, whatever both are;
 * so the timeout is as short here as it may be, and the silence three times as long as that, as three minutes are to 60 s.
 */
const IDLE_SECONDS = 18
const SILENCE_SECONDS = 3 * IDLE_SECONDS
/** Less than the pause between two signs of life. */
const TOO_FEW_SECONDS = 4

const PROXIES = { nginx: startNginx, haproxy: startHaproxy } as const
const SESSION_CLIENTS = ['SDK v1', 'SDK v2'] as const
/** How long the agent that is asked thinks before its first word, in seconds. */
const THINKS_SECONDS = 0.15

// Nearly all of the time is spent waiting.
t.jobs = 5

/** A server, at a pace of its agents, and what puts a proxy in front of it. `cut` are the methods of the requests whose reply was broken off. */
async function start (t: Test, kind: keyof typeof PROXIES, pace: number) {
  const program = await requireProgram(t, kind)
  if (program === null) return null
  const cut: string[] = []
  const { emulator: { emulator: dust }, environment } = await startEmulator(t, { pace })
  const { address: target } = await startService(t, environment, (service) => {
    service.addHook('onRequest', async ({ method }, { raw }) => {
      raw.once('close', () => { if (!raw.writableFinished) cut.push(method) })
    })
  })
  const folder = t.testdir()
  let proxies = 0
  const putBehind = async (options: Omit<ReverseProxyOptions, 'target'>): Promise<string> => {
    const own = path.join(folder, String(proxies++))
    mkdirSync(own)
    return PROXIES[kind](t, program, own, { target, ...options })
  }
  return { dust, cut, putBehind }
}

interface Silence {
  clients: readonly ClientKind[]
  seconds: number
  proxy: Omit<ReverseProxyOptions, 'target'>
}

/** Asks an agent that says nothing for so long, without any wish for progress, and gives the methods of the requests whose reply was broken off. */
async function askInSilence (t: Test, kind: keyof typeof PROXIES, { clients, seconds, proxy }: Silence): Promise<string[] | null> {
  const started = await start(t, kind, seconds / THINKS_SECONDS)
  if (started === null) return null
  const { dust, cut, putBehind } = started
  const address = await putBehind(proxy)
  const question = (client: ClientKind): string => `What is silence to ${client}?`
  const answers = Promise.allSettled(clients.map(async (client) => {
    const { call } = await connectAs(t, client, address)
    const { structured } = await call('dust_ask_agent', { agent: 'dust', message: question(client) }, { timeout: (seconds + 20) * 1000 })
    return structured['answer']
  }))
  await Promise.race([until(() => dust.workspace.runs.size === clients.length), answers])
  dust.pace.factor = 0 // once they have thought, they speak quickly
  const heard = (await answers).map((answer) => answer.status === 'fulfilled' ? answer.value : String(answer.reason))
  const runs = [...dust.workspace.runs.values()]
  t.same(heard, clients.map((client) => runs.find(({ order }) => order.prompt === question(client))?.message.content), `the answers for ${clients.join(', ')}`)
  t.equal(runs.length, clients.length, 'each was asked once')
  return [...cut]
}

for (const kind of ['nginx', 'haproxy'] as const) {
  t.test(`${kind} holds the connection to a silent agent for three times its timeout`, async (t) => {
    // What haproxy can hold back is the request.
    const settings = kind === 'haproxy' ? ['option http-buffer-request'] : []
    const cut = await askInSilence(t, kind, { clients: [...SESSION_CLIENTS, 'SDK v2 pinned'], seconds: SILENCE_SECONDS, proxy: { idleSeconds: IDLE_SECONDS, settings } })
    if (cut !== null) t.same(cut, [], 'no connection was given up')
  })

  t.test(`${kind} gives up before the server says anything: a client with a session comes back, again and again`, async (t) => {
    const cut = await askInSilence(t, kind, { clients: SESSION_CLIENTS, seconds: 4 * TOO_FEW_SECONDS, proxy: { idleSeconds: TOO_FEW_SECONDS } })
    if (cut !== null) t.equal(cut.filter((method) => method === 'POST').length, SESSION_CLIENTS.length, 'the connection of every call was given up')
  })
}

t.test('nginx passes the pieces of an answer on as they come; where it buffers whatever it is told, they come in the end', async (t) => {
  const started = await start(t, 'nginx', 1)
  if (started === null) return
  const { dust, putBehind } = started
  const buffering = await putBehind({ idleSeconds: IDLE_SECONDS, settings: ['proxy_ignore_headers X-Accel-Buffering;'] })
  const prompt = await putBehind({ idleSeconds: IDLE_SECONDS })

  const ask = async (address: string, agent: string) => {
    const pieces: Progress[] = []
    const { call } = await connectAs(t, 'SDK v1', address)
    const answer = call('dust_ask_agent', { agent, message: `What is patience to ${agent}?` }, { onProgress: (progress) => { pieces.push(progress) } })
    const runs = dust.workspace.runs.size
    await until(() => dust.workspace.runs.size > runs)
    return { pieces, answer }
  }
  const late = await ask(buffering, 'essayist')
  const early = await ask(prompt, 'essayist')
  await until(() => early.pieces.filter(({ kind }) => kind === 'text').length > 2)
  t.same(late.pieces, [], 'who asked before has heard nothing')

  dust.pace.factor = 0
  const long = await ask(buffering, 'novelist')
  for (const { pieces, answer } of [late, early, long]) {
    const { structured } = await answer
    t.equal(structured['answer'], dust.message(String(structured['messageId']))?.content)
    t.equal(pieces.filter(({ kind }) => kind === 'text').map(({ message }) => message).join(''), structured['answer'], 'piece by piece')
  }
})
