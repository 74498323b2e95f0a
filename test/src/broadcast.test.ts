import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { Broadcast } from '../../src/broadcast.ts'
import { until } from '../helper.ts'

/** A server whose every answer watches; the path is the audience. */
async function startBroadcast (t: Test, words: (looks: number) => string) {
  const seen = { looks: 0, cut: 0, sent: 0, faults: [] as unknown[] }
  const broadcast = new Broadcast<string>({
    everyMs: 5,
    backlogBytes: 2 ** 20,
    look: async () => {
      const number = ++seen.looks
      const text = words(number)
      return (audience) => `${audience} ${text}\n`
    },
    onSent: (watchers) => { seen.sent += watchers },
    onCut: () => { seen.cut++ },
    onFault: (error) => { seen.faults.push(error) }
  })
  const server = createServer((request: IncomingMessage, response: ServerResponse) => { broadcast.add(response, request.url ?? '', 'hello\n') })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    broadcast.end()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { broadcast, seen, port, address: `http://127.0.0.1:${port}` }
}

/** Reads until it has so many lines, and leaves. */
async function readLines (url: string, count: number): Promise<string[]> {
  const left = new AbortController()
  const response = await fetch(url, { signal: left.signal })
  let text = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    if (text.split('\n').length > count) break
  }
  left.abort()
  return text.split('\n').slice(0, count)
}

t.test('all get the same, looked up once, each audience in its own words', async (t) => {
  const { address, seen } = await startBroadcast(t, (looks) => String(looks))
  const [one, other, third] = await Promise.all([readLines(`${address}/a`, 30), readLines(`${address}/a`, 30), readLines(`${address}/b`, 30)])
  for (const lines of [one, other, third]) t.equal(lines[0], 'hello')
  const shared = one.slice(1).filter((line) => other.includes(line))
  t.ok(shared.length > 10, `${shared.length} lines went to both`)
  t.ok(third.slice(1).every((line) => /^\/b \d+$/.test(line)))
  t.ok(seen.sent > seen.looks, 'fewer looks than lines')
})

t.test('nothing is looked up while nobody watches', async (t) => {
  const { address, seen } = await startBroadcast(t, () => 'x')
  t.equal(seen.looks, 0)
  await readLines(address, 5)
  let before = -1
  await until(async () => {
    const isStill = before === seen.looks
    before = seen.looks
    await new Promise((resolve) => setTimeout(resolve, 50))
    return isStill
  })
  await readLines(address, 5)
  t.ok(seen.looks > before, 'and again when somebody does')
})

t.test('one who doesn\'t read is cut, and the others go on', async (t) => {
  const { address, port, seen } = await startBroadcast(t, () => 'x'.repeat(200_000))
  const deaf = connect(port, '127.0.0.1')
  t.teardown(() => deaf.destroy())
  deaf.write('GET /deaf HTTP/1.1\r\nHost: x\r\n\r\n')
  deaf.pause()
  await until(() => seen.cut === 1)
  t.equal((await readLines(address, 3)).length, 3)
})

t.test('a look that fails is told, and the next one comes', async (t) => {
  const { address, seen } = await startBroadcast(t, (looks) => {
    if (looks === 1) throw new Error('not now')
    return 'later'
  })
  t.same(await readLines(`${address}/a`, 2), ['hello', '/a later'])
  t.match(seen.faults, [/not now/])
})

t.test('at its end all streams end, and later ones at once', async (t) => {
  const { address, broadcast } = await startBroadcast(t, () => 'x')
  const response = await fetch(address)
  broadcast.end()
  t.match(await response.text(), /^hello\n/)
  t.equal(await (await fetch(address)).text(), '')
})
