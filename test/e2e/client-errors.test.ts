import { connect } from 'node:net'
import t from 'tap'
import { readMetrics } from '../fixtures/metrics.ts'
import { startServiceAlone, until } from '../helper.ts'

/** Sends bytes, and what comes until the server cuts the connection. */
async function send (address: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  socket.on('error', () => {}) // a reset, when not everything was read: 'close' follows
  let answer = ''
  socket.setEncoding('latin1').on('data', (words) => { answer += String(words) })
  socket.write(bytes)
  await new Promise<void>((resolve) => { socket.once('close', () => { resolve() }) })
  return answer
}

t.test('what is no request is refused with a reason, counted, and leaves the server well', async (t) => {
  const { address, logLines } = await startServiceAlone(t)
  const refused = async (reason: string): Promise<number> => (await readMetrics(address)).value('mcp_dust_server_requests_refused_total', { reason })
  const large = await send(address, `GET /mcp HTTP/1.1\r\nhost: localhost\r\nx-long: ${'a'.repeat(17_000)}\r\n\r\n`)
  t.match(large, /^HTTP\/1\.1 431 .*content-type: application\/json.*"statusCode":431/s)
  t.equal(await refused('large_head'), 1)
  for (const junk of ['nonsense\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'POST /mcp HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03']) {
    const before = await refused('malformed')
    t.match(await send(address, junk), /^HTTP\/1\.1 400 Bad Request\r\n.*connection: close.*"statusCode":400/s)
    t.equal(await refused('malformed'), before + 1)
  }
  const lines = logLines.map((line) => JSON.parse(line)).filter(({ msg }) => msg.startsWith('connection cut'))
  t.same(lines.map(({ res }) => res.statusCode), [431, 400, 400, 400, 400])
  t.notMatch(JSON.stringify(lines), /nonsense|aaaa/, 'nothing of what came')
  await until(async () => (await fetch(`${address}/livez`)).status === 200)
})
