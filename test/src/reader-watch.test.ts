import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { ReaderWatch } from '../../src/reader-watch.ts'
import { until } from '../helper.ts'

const MANY = 64 * 1024 ** 2

/** A server that answers with more than the system takes in for a client that doesn't read. */
async function startServer (t: Test, patienceMs: number, limitBytes = Infinity) {
  const cuts: string[] = []
  const watch = new ReaderWatch({ patienceMs, limitBytes, everyMs: 20, onCut: (reason) => { cuts.push(reason) } })
  const server = createServer((request, response) => {
    watch.add(request.socket)
    response.end(request.url === '/little' ? 'a' : Buffer.alloc(request.url === '/more' ? MANY + 1 : MANY))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  watch.start()
  t.teardown(() => {
    watch.stop()
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const open = (path: string) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {}) // the cut
    socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`)
    t.teardown(() => socket.destroy())
    return socket
  }
  return { open, cuts, connections: () => new Promise<number>((resolve) => { server.getConnections((_error, count) => { resolve(count) }) }) }
}

t.test('who reads nothing is cut, also when it goes on to send', async (t) => {
  const { open, cuts, connections } = await startServer(t, 200)
  const socket = open('/much').pause()
  const sending = setInterval(() => { socket.write('\r\n') }, 10)
  t.teardown(() => { clearInterval(sending) })
  await until(() => cuts.length > 0)
  await until(async () => await connections() === 0)
  t.same(cuts, ['stalled'])
})

t.test('who reads slowly is not, nor who has read everything and waits', async (t) => {
  const { open, cuts } = await startServer(t, 600)
  const idle = open('/little')
  await once(idle, 'data')
  const slow = open('/much')
  let bytes = 0
  let pauses = 0
  slow.on('data', (chunk) => {
    bytes += chunk.length
    // Much longer in all than a client may read nothing.
    if (pauses >= 60 || bytes < pauses * 1024 ** 2) return
    pauses++
    slow.pause()
    setTimeout(() => { slow.resume() }, 20)
  })
  await until(() => bytes > MANY)
  t.equal(pauses, 60)
  t.same(cuts, [])
  t.notOk(idle.destroyed)
})

t.test('when too much waits for all of them, those go first for whom most waits', async (t) => {
  const { open, cuts, connections } = await startServer(t, 60_000, 2.5 * MANY)
  for (const path of ['/much', '/more', '/much']) open(path).pause()
  await until(() => cuts.length > 0)
  await until(async () => await connections() === 2)
  t.same(cuts, ['crowd'])
})
