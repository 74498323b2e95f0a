import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { readMetrics } from '../fixtures/metrics.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { initialize, JSON_HEADERS, post, startServiceAlone, toolCall } from '../helper.ts'

const ADA = 'the-token-of-ada-is-long'
const BOB = 'the-token-of-bob-is-long'
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const withTokens = { AUTH_MODE: 'token', AUTH_TOKENS: `ada:${ADA},bob:${BOB}` }

t.test('without a token that counts, every method of /mcp is refused, and says how to come in', async (t) => {
  const { address, logLines } = await startServiceAlone(t, withTokens)
  const cases: Array<[string, Record<string, string>, string, RegExp]> = [
    ['none', {}, 'missing', /bearer token is needed/],
    ['another scheme', { authorization: `Basic ${ADA}` }, 'malformed', /must be Bearer/],
    ['nothing after the scheme', { authorization: 'Bearer ' }, 'malformed', /must be Bearer/],
    ['two words', { authorization: `Bearer ${ADA} ${ADA}` }, 'malformed', /must be Bearer/],
    ['a wrong one', bearer('somebody-elses-token'), 'invalid', /not known/],
    ['a part of one', bearer(ADA.slice(0, -1)), 'invalid', /not known/]
  ]
  for (const [name, headers, reason, message] of cases) {
    const before = (await readMetrics(address)).value('mcp_dust_server_auth_failures_total', { reason })
    for (const method of ['POST', 'GET', 'DELETE']) {
      const response = await fetch(`${address}/mcp`, { method, headers: { ...JSON_HEADERS, ...headers }, ...(method === 'POST' ? { body: JSON.stringify(initialize) } : {}) })
      t.equal(response.status, 401, `${name}: ${method}`)
      t.match(response.headers.get('www-authenticate'), reason === 'invalid' ? /^Bearer realm="mcp-dust-server", error="invalid_token", error_description="the token is not known here"$/ : /^Bearer realm="mcp-dust-server"$/)
      t.match(await response.json(), { jsonrpc: '2.0', id: null, error: { code: -32000, message } })
    }
    t.equal((await readMetrics(address)).value('mcp_dust_server_auth_failures_total', { reason }) - before, 3, name)
  }
  t.equal((await postStateless(address, 'tools/list')).status, 401)
  t.notMatch(logLines.join('\n'), /somebody-elses-token|the-token-of/)
})

t.test('who brings a token comes in under its name; probes need none', async (t) => {
  const { address, logLines } = await startServiceAlone(t, withTokens)
  const opened = await post(address, initialize, bearer(ADA))
  t.equal(opened.status, 200)
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' }
  t.equal((await post(address, toolCall(1, 'nothing'), { ...session, authorization: `bearer ${ADA}` })).status, 200, 'the scheme has no case')
  t.match(JSON.parse(logLines.find((line) => line.includes('"tools/call"')) ?? '{}'), { mcp: { caller: 'ada' } })
  t.equal((await postStateless(address, 'tools/list', {}, { headers: bearer(BOB) })).status, 200)
  for (const path of ['/livez', '/ready', '/health', '/metrics']) t.not((await fetch(address + path)).status, 401, path)
})

t.test('a session does not exist for anybody but the one who opened it', async (t) => {
  const { address } = await startServiceAlone(t, withTokens)
  const id = (await post(address, initialize, bearer(ADA))).headers.get('mcp-session-id') ?? ''
  for (const method of ['POST', 'GET', 'DELETE']) {
    const ask = async (session: string, token: string): Promise<[number, unknown]> => {
      const response = await fetch(`${address}/mcp`, {
        method, headers: { ...JSON_HEADERS, ...bearer(token), 'mcp-session-id': session }, ...(method === 'POST' ? { body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }) } : {})
      })
      return [response.status, await response.json()]
    }
    t.same(await ask(id, BOB), await ask('there-is-no-such-session', BOB), method)
  }
  t.equal((await post(address, { jsonrpc: '2.0', id: 1, method: 'ping' }, { 'mcp-session-id': id, ...bearer(ADA) })).status, 200, 'and it is still there')
})

t.test('a changed file of tokens counts at once, a broken one changes nothing', async (t) => {
  const file = path.join(t.testdir(), 'tokens')
  writeFileSync(file, `ada:${ADA}\n`)
  const { address, service, logLines } = await startServiceAlone(t, { AUTH_MODE: 'token', AUTH_TOKENS_FILE: file })
  const status = async (token: string): Promise<number> => (await post(address, initialize, bearer(token))).status
  t.same([await status(ADA), await status(BOB)], [200, 401])
  writeFileSync(file, `bob:${BOB}\n`)
  await service.auth.reload()
  t.same([await status(ADA), await status(BOB)], [401, 200])
  for (const broken of ['', 'no tokens here', `bob:${BOB},eve:${BOB}`]) {
    writeFileSync(file, broken)
    await service.auth.reload()
    t.same([await status(ADA), await status(BOB)], [401, 200], broken)
  }
  t.equal(logLines.filter((line) => line.includes('the tokens stay as they were')).length, 3)
})
