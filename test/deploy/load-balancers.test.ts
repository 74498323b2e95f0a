import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import path from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { freePort } from '../fixtures/free-port.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { runReverseProxy } from '../fixtures/reverse-proxy.ts'
import { initialize, openSession, post, startServiceAlone, until } from '../helper.ts'
import { KUBERNETES, oneOf, parseManifests } from './kustomize.ts'
import { DEPLOY, run } from './run-program.ts'

const FOLDER = path.join(DEPLOY, 'load-balancers')
const REPLICAS = ['10.0.0.1:5001', '10.0.0.2:5001']

/** How each program is told to read a file of ours, and only to say what it thinks of it. */
const PROGRAMS = {
  nginx: {
    file: 'nginx.conf',
    bind: 'listen 80',
    misspelt: ['proxy_buffering', 'proxy_bufering'],
    // It is a part of a configuration, and this is the rest of it. One process, so that none is left when it is told to end.
    wrap: (text: string, folder: string) => `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr emerg; events {} http { access_log off;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
      ${text} }`,
    check: (file: string, folder: string) => ['-t', '-e', 'stderr', '-p', folder, '-c', file],
    run: (file: string, folder: string) => ['-e', 'stderr', '-p', folder, '-c', file]
  },
  haproxy: {
    file: 'haproxy.cfg',
    bind: 'bind :80',
    misspelt: ['redispatch', 'redispach'],
    wrap: (text: string) => text,
    check: (file: string) => ['-c', '-f', file],
    run: (file: string) => ['-db', '-q', '-f', file]
  }
} as const
type Kind = keyof typeof PROGRAMS

/** Writes a file of ours for replicas elsewhere, and for a port that is free. */
async function prepare (t: Test, kind: Kind, replicas: readonly string[] = REPLICAS) {
  const { file, bind, wrap } = PROGRAMS[kind]
  const folder = t.testdir()
  const port = await freePort()
  let text = readFileSync(path.join(FOLDER, file), 'utf8').replace(bind, bind.replace(/:?80/, `127.0.0.1:${port}`))
  for (const [index, replica] of REPLICAS.entries()) text = text.replace(replica, replicas[index] ?? '')
  const config = path.join(folder, file)
  writeFileSync(config, wrap(text, folder))
  return { config, folder, address: `http://127.0.0.1:${port}` }
}

/** Starts it in front of these two replicas, and gives its address; `null` where it isn't installed. */
async function start (t: Test, kind: Kind, replicas: readonly string[]): Promise<string | null> {
  const program = await requireProgram(t, kind)
  if (program === null) return null
  const { config, folder, address } = await prepare(t, kind, replicas.map((replica) => new URL(replica).host))
  return runReverseProxy(t, program, [...PROGRAMS[kind].run(config, folder)], address)
}

/** Two replicas that share their sessions, and how many messages each got. */
async function startReplicas (t: Test) {
  const counts = [0, 0]
  const store = `sqlite:${path.join(t.testdir({ store: {} }), 'store', 'store.db')}`
  const replicas = await Promise.all(counts.map(async (_, index) => startServiceAlone(t, { STORE_URL: store }, (service) => {
    service.addHook('onRequest', async ({ method }) => { if (method === 'POST') counts[index] = (counts[index] ?? 0) + 1 })
  })))
  return { counts, replicas, addresses: replicas.map(({ address }) => address) }
}

async function ping (address: string, session: Record<string, string>): Promise<number> {
  const response = await post(address, { jsonrpc: '2.0', id: 1, method: 'ping' }, session)
  await response.body?.cancel()
  return response.status
}

/** Two replicas that are ready, and do with a message what a test wants. */
async function startPuppets (t: Test, onPost: (request: IncomingMessage, response: ServerResponse) => void): Promise<string[]> {
  return Promise.all(REPLICAS.map(async () => {
    const server = createServer((request, response) => {
      if (request.method === 'POST') request.resume().once('end', () => { onPost(request, response) })
      else response.end()
    }).listen(0, '127.0.0.1')
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    await once(server, 'listening')
    return `http://127.0.0.1:${Object(server.address()).port}`
  }))
}

for (const kind of ['nginx', 'haproxy'] as const) {
  t.test(`${kind} accepts its file, and would not with a word misspelt`, async (t) => {
    const program = await requireProgram(t, kind)
    if (program === null) return
    const { config, folder } = await prepare(t, kind)
    const { check, misspelt: [right, wrong] } = PROGRAMS[kind]
    const { status, said } = run(program, ...check(config, folder))
    t.equal(status, 0, said)
    writeFileSync(config, readFileSync(config, 'utf8').replace(right, wrong))
    t.not(run(program, ...check(config, folder)).status, 0)
  })

  t.test(`${kind}: the requests of a session go to any replica, also when one is gone`, async (t) => {
    const { counts, replicas, addresses } = await startReplicas(t)
    const address = await start(t, kind, addresses)
    if (address === null) return
    const session = await openSession(address)
    const before = [...counts]
    for (let count = 0; count < 10; count++) t.equal(await ping(address, session), 200)
    t.ok(counts.every((count, index) => count > (before[index] ?? 0)), `both got some: ${counts.join()}`)
    t.equal((await fetch(`${address}/metrics`)).status, 404, 'nothing but /mcp is to be had')

    await replicas[0]?.service.close()
    for (let count = 0; count < 10; count++) t.equal(await ping(address, session), 200)
  })

  t.test(`${kind}: what was sent isn't sent again`, async (t) => {
    let sent = 0
    const address = await start(t, kind, await startPuppets(t, ({ socket }) => {
      sent++
      socket.destroy()
    }))
    if (address === null) return
    t.equal((await post(address, initialize)).status, 502)
    t.equal(sent, 1)
  })

  t.test(`${kind}: each event comes as soon as it's sent`, async (t) => {
    let answer: ServerResponse | undefined
    const address = await start(t, kind, await startPuppets(t, (_, response) => {
      answer = response.writeHead(200, { 'content-type': 'text/event-stream' })
      answer.write('data: event 0\n\n')
    }))
    if (address === null) return
    const { body } = await post(address, initialize)
    const reader = body?.getReader()
    for (let count = 0; count < 3; count++) {
      t.equal(new TextDecoder().decode((await reader?.read())?.value), `data: event ${count}\n\n`)
      answer?.write(`data: event ${count + 1}\n\n`)
    }
    answer?.end()
    await reader?.cancel()
  })
}

t.test('haproxy: a replica that is about to stop gets nothing new', async (t) => {
  const { counts, replicas, addresses } = await startReplicas(t)
  const address = await start(t, 'haproxy', addresses)
  if (address === null) return
  const session = await openSession(address)
  const areTenPassedOver = async (): Promise<boolean> => {
    const [before] = counts
    for (let count = 0; count < 10; count++) await ping(address, session)
    return counts[0] === before
  }
  t.notOk(await areTenPassedOver())
  replicas[0]?.service.health.drain()
  await until(areTenPassedOver)
  t.pass('it was passed over')
})

t.test('what the files say of paths, the port and the Service is so', async (t) => {
  const { address, service } = await startServiceAlone(t)
  const service5001 = oneOf(parseManifests(readFileSync(path.join(KUBERNETES, 'base', 'service.yaml'), 'utf8')), 'Service')
  const read = (file: string): string => readFileSync(path.join(FOLDER, file), 'utf8')
  for (const file of ['ingress.alb.yaml', 'ingress.nginx.yaml']) {
    const { metadata, spec } = oneOf(parseManifests(read(file)), 'Ingress')
    t.match(spec?.rules?.[0]?.http?.paths, [{ path: '/mcp', pathType: 'Exact', backend: { service: { name: service5001.metadata?.name, port: { name: service5001.spec?.ports?.[0]?.name } } } }])
    const probe = metadata?.annotations?.['alb.ingress.kubernetes.io/healthcheck-path']
    if (probe !== undefined) t.equal((await fetch(address + probe)).status, 200, probe)
  }
  const envoy = JSON.stringify(parse(read('envoy.yaml')))
  t.match(envoy, '"match":{"path":"/mcp"}')
  t.match(envoy, '"http_health_check":{"path":"/ready"}')
  t.equal((await fetch(`${address}/ready`)).status, 200)
  t.ok(service.server.keepAliveTimeout > 60_000, 'the server keeps an unused connection longer than any of them')
})
