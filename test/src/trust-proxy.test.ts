import t from 'tap'
import { parseTrustProxy } from '../../src/trust-proxy.ts'

t.test('reads nobody, everybody, a number of proxies, and their addresses', async (t) => {
  t.equal(parseTrustProxy('false'), false)
  t.equal(parseTrustProxy('true'), true)
  t.same(parseTrustProxy('10.0.0.0/8, 2001:db8::/32,192.0.2.1 ,loopback'), ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1', 'loopback'])
  const two = parseTrustProxy('2')
  t.type(two, 'function')
  if (typeof two === 'function') t.same([0, 1, 2].map((hop) => two('192.0.2.1', hop)), [true, true, false])
})

t.test('takes nothing else', async (t) => {
  for (const words of ['yes', '0', '33', '-1', '1.5', ',', '10.0.0.0/33', '10.0.0/8', '10.0.0.0/', '10.0.0.0/8/8', '::1/129', 'proxy.example.com', '10.0.0.1:80', '10.0.0.0/255.0.0.0']) {
    t.equal(parseTrustProxy(words), null, words)
  }
})
