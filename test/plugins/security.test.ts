import { request } from 'node:http'
import { once } from 'node:events'
import t from 'tap'
import { initialize, JSON_HEADERS, startServiceAlone } from '../helper.ts'

/** Asks under a name of its own choice, as fetch can't. */
async function ask (address: string, headers: Record<string, string>, path = '/mcp'): Promise<{ status: number, body: unknown }> {
  const sent = request(new URL(path, address), { method: path === '/mcp' ? 'POST' : 'GET', headers: { ...JSON_HEADERS, ...headers }, agent: false })
  sent.end(path === '/mcp' ? JSON.stringify(initialize) : undefined)
  const [response] = await once(sent, 'response')
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode, body: text.startsWith('{') ? JSON.parse(text) : text }
}

t.test('on loopback only names and pages of this machine are served', async (t) => {
  const { address } = await startServiceAlone(t)
  for (const host of ['localhost', 'localhost:5001', '127.0.0.1:80', '[::1]:5001', 'LOCALHOST']) t.equal((await ask(address, { host })).status, 200, host)
  for (const host of ['evil.example', 'localhost.evil.example:80', '127.0.0.1.evil.example', 'localhost@evil.example']) {
    t.match(await ask(address, { host }), { status: 403, body: { jsonrpc: '2.0', id: null, error: { code: -32000, message: /ALLOWED_HOSTS/ } } }, host)
  }
  for (const origin of ['http://localhost:3000', 'https://127.0.0.1']) t.equal((await ask(address, { host: 'localhost', origin })).status, 200, origin)
  for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null', 'nonsense']) {
    t.match(await ask(address, { host: 'localhost', origin }), { status: 403, body: { error: { message: /ALLOWED_ORIGINS/ } } }, origin)
  }
})

t.test('another address of loopback is a name of this machine, too, when it is listened on', async (t) => {
  const { address } = await startServiceAlone(t, { HOST: '127.0.0.2' })
  t.equal((await ask(address, { host: '127.0.0.2:5001', origin: 'http://127.0.0.2:3000' })).status, 200)
  t.equal((await ask((await startServiceAlone(t)).address, { host: '127.0.0.2:5001' })).status, 403)
})

t.test('names and pages can be allowed', async (t) => {
  const { address } = await startServiceAlone(t, { ALLOWED_HOSTS: 'mcp.example, other.example', ALLOWED_ORIGINS: 'https://app.example:8443' })
  for (const [headers, status] of [
    [{ host: 'mcp.example:5001' }, 200], [{ host: 'OTHER.example' }, 200], [{ host: 'localhost' }, 200], [{ host: 'third.example' }, 403],
    [{ host: 'mcp.example', origin: 'https://mcp.example' }, 200], [{ host: 'mcp.example', origin: 'https://app.example:8443' }, 200],
    [{ host: 'mcp.example', origin: 'https://app.example' }, 403], [{ host: 'mcp.example', origin: 'http://app.example:8443' }, 403]
  ] as const) t.equal((await ask(address, { ...headers })).status, status, JSON.stringify(headers))
})

t.test('elsewhere every name is served unless some are allowed; pages never without', async (t) => {
  const open = await startServiceAlone(t, { HOST: '0.0.0.0', ALLOW_UNAUTHENTICATED: 'true' })
  t.equal((await ask(open.address, { host: 'mcp.example' })).status, 200)
  t.equal((await ask(open.address, { host: 'mcp.example', origin: 'https://mcp.example' })).status, 403)
  const named = await startServiceAlone(t, { HOST: '0.0.0.0', ALLOW_UNAUTHENTICATED: 'true', ALLOWED_HOSTS: 'mcp.example' })
  t.equal((await ask(named.address, { host: 'mcp.example', origin: 'https://mcp.example' })).status, 200)
  t.equal((await ask(named.address, { host: '10.1.2.3:5001' })).status, 403)
  t.equal((await ask(named.address, { host: '10.1.2.3:5001' }, '/livez')).status, 200, 'probes come by address')
})
