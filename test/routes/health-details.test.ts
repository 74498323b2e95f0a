import { once } from 'node:events'
import { request } from 'node:http'
import { networkInterfaces } from 'node:os'
import t from 'tap'
import { startServiceAlone } from '../helper.ts'

/** Asks under a name of its own choice, as fetch can't. */
async function ask (address: string, headers: Record<string, string> = {}): Promise<{ status: number, keys: string[] }> {
  const sent = request(new URL('/health', address), { headers, agent: false }).end()
  const [response] = await once(sent, 'response')
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode, keys: Object.keys(JSON.parse(text)) }
}

const ALL = ['status', 'version', 'timestamp', 'checks']
const FEW = ['status', 'timestamp']
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

t.test('who asks on this machine sees everything, who comes through a proxy does not', async (t) => {
  const { address } = await startServiceAlone(t)
  for (const host of ['localhost:5001', '127.0.0.1', '[::1]:1']) t.same((await ask(address, { host })).keys, ALL, host)
  for (const headers of [
    { 'x-forwarded-for': '192.0.2.1' }, { 'x-real-ip': '192.0.2.1' }, { forwarded: 'for=192.0.2.1' }, { via: '1.1 proxy' }, { host: 'mcp.example' }, { host: '10.1.2.3:5001' }
  ]) t.same(await ask(address, headers), { status: 200, keys: FEW }, JSON.stringify(headers))
  t.same((await ask(address, { 'x-forwarded-for': '192.0.2.1', ...bearer('nobody-has-set-one') })).keys, FEW)
})

t.test('who comes from another machine does not', async (t) => {
  const outside = Object.values(networkInterfaces()).flat().find((address) => address?.family === 'IPv4' && !address.internal)?.address
  const { service } = await startServiceAlone(t, { HOST: '0.0.0.0', ALLOW_UNAUTHENTICATED: 'true' })
  const seen = async (remoteAddress: string) => Object.keys((await service.inject({ url: '/health', remoteAddress, headers: { host: 'localhost' } })).json())
  t.same(await seen('192.0.2.1'), FEW)
  t.same(await seen(outside ?? '198.51.100.1'), FEW, 'the machine\'s own address in its network isn\'t loopback')
  t.same(await seen('::ffff:127.0.0.1'), ALL)
})

t.test('the token of the metrics opens it from everywhere, a wrong one is no reason to fail a probe', async (t) => {
  const { address } = await startServiceAlone(t, { METRICS_TOKEN: 'scraper', RATE_LIMIT_WRONG_CREDENTIALS: '3', TRUST_PROXY: '1' })
  const proxied = { 'x-forwarded-for': '192.0.2.1' }
  t.same((await ask(address, { ...proxied, ...bearer('scraper') })).keys, ALL)
  t.same((await ask(address, proxied)).keys, FEW)
  for (let n = 0; n < 3; n++) t.same(await ask(address, { ...proxied, ...bearer('guess') }), { status: 200, keys: FEW })
  t.same(await ask(address, { ...proxied, ...bearer('scraper') }), { status: 200, keys: FEW }, 'who guesses doesn\'t learn when a guess was right')
  t.same((await ask(address)).keys, ALL, 'on this machine it needs none')
})

t.test('an operator can show it to everybody, or to nobody', async (t) => {
  const open = await startServiceAlone(t, { HEALTH_DETAILS: 'always' })
  t.same((await ask(open.address, { host: 'mcp.example', via: '1.1 proxy' })).keys, ALL)
  const closed = await startServiceAlone(t, { HEALTH_DETAILS: 'never', METRICS_TOKEN: 'scraper' })
  t.same((await ask(closed.address, bearer('scraper'))).keys, FEW)
})
