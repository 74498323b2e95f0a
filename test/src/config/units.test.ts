import t from 'tap'
import { parseDuration, parseList, parseSize } from '../../../src/config/units.ts'

t.test('sizes are binary, above 0, with a unit or without', async (t) => {
  const sizes: Array<[string, number | null]> = [
    ['1', 1], ['512k', 524_288], ['2M', 2_097_152], ['1g', 1_073_741_824], ['0', null], ['0k', null], ['', null], ['k', null], ['1.5m', null], ['1t', null], ['-1', null]
  ]
  for (const [word, bytes] of sizes) t.equal(parseSize(word), bytes, word)
})

t.test('durations have a unit, but for 0', async (t) => {
  const durations: Array<[string, number | null]> = [
    ['0', 0], ['0s', 0], ['250ms', 250], ['2s', 2000], ['3m', 180_000], ['1H', 3_600_000], ['2d', 172_800_000], ['30', null], ['', null], ['s', null], ['1w', null], ['99999999999999999d', null]
  ]
  for (const [word, ms] of durations) t.equal(parseDuration(word), ms, word)
})

t.test('lists are trimmed and have no empty entries', async (t) => {
  t.same(parseList(' a, b ,,c,'), ['a', 'b', 'c'])
  t.same(parseList(''), [])
})
