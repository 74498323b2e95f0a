import t from 'tap'
import { findCaller, parseAccessTokens } from '../../../src/auth/access-tokens.ts'

const TOKEN = 'a-long-random-word'

t.test('reads names and tokens, separated by commas or line ends', async (t) => {
  const tokens = parseAccessTokens(` ada:${TOKEN}, bob@example.com:${TOKEN}:with-colon\r\n\ncarol-2:${TOKEN}3 ,`) ?? []
  t.same(tokens.map(({ name }) => name), ['ada', 'bob@example.com', 'carol-2'])
  t.equal(findCaller(tokens, TOKEN), 'ada')
  t.equal(findCaller(tokens, `${TOKEN}:with-colon`), 'bob@example.com')
  t.equal(findCaller(tokens, `${TOKEN}3`), 'carol-2')
  for (const wrong of ['', 'a', TOKEN.slice(1), `${TOKEN} `, `ada:${TOKEN}`]) t.equal(findCaller(tokens, wrong), undefined, wrong)
  t.notMatch(JSON.stringify(tokens), TOKEN, 'the token itself is not kept')
})

t.test('one person may have several tokens, one token is of one person', async (t) => {
  t.equal(parseAccessTokens(`ada:${TOKEN},ada:${TOKEN}2`)?.length, 2)
  t.equal(parseAccessTokens(`ada:${TOKEN},bob:${TOKEN}`), null)
})

t.test('refuses anything else', async (t) => {
  for (const words of ['', ',', TOKEN, `:${TOKEN}`, 'ada:', 'ada:too-short', `ada :${TOKEN}`, `ada:${TOKEN} x`, `ada:${TOKEN},bob`, `ada:${TOKEN}é`]) t.equal(parseAccessTokens(words), null, words)
})
