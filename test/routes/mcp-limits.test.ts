import t from 'tap'
import { openSession, post, startServiceAlone } from '../helper.ts'

t.test('what is too deep, too many or too large is refused in words that say so', async (t) => {
  const { address } = await startServiceAlone(t, { BODY_LIMIT: '64k' })
  const session = await openSession(address)
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
  const nested = (depth: number): string => `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`
  const batch = (length: number) => Array.from({ length }, (_, id) => ({ ...ping, id }))
  for (const [body, status, message] of [
    [nested(10_000), 400, /nested deeper than 100 levels/],
    [batch(101), 400, /a batch of 1 to 100/],
    [[], 400, /empty JSON-RPC batch/],
    [{ ...ping, params: { a: 'a'.repeat(64 * 1024) } }, 413, /Too Large/]
  ] as const) {
    const response = await post(address, body, session)
    t.equal(response.status, status)
    t.match(await response.json(), { jsonrpc: '2.0', id: null, error: { message } })
  }
  for (const body of [nested(90), batch(100)]) {
    const response = await post(address, body, session)
    t.equal(response.status, 200)
    await response.text()
  }
})
