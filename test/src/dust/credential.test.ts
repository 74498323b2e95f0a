import { inspect } from 'node:util'
import { pino } from 'pino'
import t from 'tap'
import { DustCredential } from '../../../src/dust/credential.ts'
import { isKeyedCaller, keyedCaller } from '../../../src/keyed-caller.ts'

function read (key: string, workspace = 'north'): DustCredential {
  const credential = DustCredential.read(key, workspace)
  if (typeof credential === 'string') throw new Error(credential)
  return credential
}

t.test('whatever prints, logs, copies or serialises a credential does not see the key', async (t) => {
  const credential = read('sk-c0ffee')
  const lines: string[] = []
  pino({}, { write: (line: string) => { lines.push(line) } }).info({ credential, deep: { credential } }, String(credential))
  const seen = [
    JSON.stringify({ credential }), JSON.stringify({ ...credential }), JSON.stringify(structuredClone(credential)), inspect(credential, { showHidden: true, depth: null }),
    Object.entries(credential).join(), Reflect.ownKeys(credential).join(), `${credential}`, ...lines
  ]
  for (const words of seen) t.notMatch(words, /c0ffee|north/)
  t.match(seen.join(), credential.fingerprint, 'but who it is')
  t.same(credential.reveal(), { apiKey: 'sk-c0ffee', workspaceId: 'north' })
})

t.test('key and workspace make the fingerprint, the same in every process', async (t) => {
  t.equal(read('sk-a', 'north').fingerprint, read('sk-a', 'north').fingerprint)
  const prints = [['sk-a', 'north'], ['sk-b', 'north'], ['sk-a', 'south'], ['sk-an', 'orth']].map(([key = '', workspace]) => read(key, workspace).fingerprint)
  t.equal(new Set(prints).size, prints.length)
  for (const print of prints) t.match(print, /^[\w-]{22}$/)
})

t.test('the name of a caller with a key is no name of a token', async (t) => {
  const caller = keyedCaller('ada', read('sk-a').fingerprint)
  t.ok(isKeyedCaller(caller))
  for (const name of ['ada', 'anonymous', 'ada#1', 'ada@example.com', 'a'.repeat(64)]) t.notOk(isKeyedCaller(name), name)
})

t.test('what Dust would not take for a key or an id is none', async (t) => {
  for (const [key, workspace] of [['', 'n'], ['sk-', 'n'], ['SK-a', 'n'], ['sk-a b', 'n'], ['sk-a\r\nx: y', 'n'], ['sk-ä', 'n'], ['sk-a', ''], ['sk-a', 'a/b'], ['sk-a', '..'], ['sk-a', 'n\n']] as const) {
    t.type(DustCredential.read(key, workspace), 'string', JSON.stringify([key, workspace]))
  }
})
