import t from 'tap'
import { nameCaller } from '../../../src/auth/caller-name.ts'

t.test('a plain name stays as it is', async (t) => {
  for (const name of ['ada', 'auth0|5f7c8ec7', 'f:1c2d:ada@example.com', 'x'.repeat(128)]) t.equal(nameCaller(name), name)
})

t.test('one that would make a mess of a log is hashed, and no two are the same', async (t) => {
  const odd = ['ada lovelace', 'ada\nbob', 'adá', 'x'.repeat(129), 'x'.repeat(10_000), '\u0000', 'sha256:', String(nameCaller('ada lovelace'))]
  const names = odd.map(nameCaller)
  for (const name of names) t.match(name, /^sha256:[\w-]{43}$/)
  t.equal(new Set([...names, ...odd]).size, 2 * odd.length - 1, 'a hash can not be taken as a name')
})

t.test('one that stands for somebody else here is hashed: for everybody without a name, or for a caller with a key', async (t) => {
  for (const name of ['anonymous', `ada#${'x'.repeat(22)}`]) t.match(nameCaller(name), /^sha256:[\w-]{43}$/, name)
  for (const name of ['Anonymous', 'anonymous2', `ada#${'x'.repeat(21)}`]) t.equal(nameCaller(name), name)
})

t.test('nobody is no name', async (t) => {
  for (const claim of [undefined, null, '', 0, 7, true, ['ada'], { name: 'ada' }]) t.equal(nameCaller(claim), null)
})
