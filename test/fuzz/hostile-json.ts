import type { Random } from '../../src/emulator/random.ts'
import { isObject } from '../../src/mcp/json-rpc.ts'
import { mutate, toText } from './mutation.ts'

/** Stands in every text that is made up here, so that it's found where it may not be. */
export const MADE_UP = 'wallaby-7c1f'

/** Numbers that JSON can write, but JavaScript can't hold, or not well. */
const NUMBERS = ['1e400', '-1e400', '9007199254740993', '-0', '1e-400', '9'.repeat(400), '0.1e1', '4294967296', '-2147483649', '1.7976931348623157e308', '1.5'] as const
const TEXTS = [
  '\ud800', 'a\udfffb', '\u0000', 'a\u0000b', '\u202eabc', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\ufeff', '\u{10ffff}', 'e\u0301'.repeat(30), 'ﷺ'.repeat(50), '\r\n\r\ndata: x\n\n', '\u2028',
  '../../etc/passwd', '..', '%2e%2e%2f', '<script>alert(1)</script>', '{{7*7}}', '__proto__', 'constructor', 'NaN', '-1', '1e9', 'javascript:alert(1)', 'file:///etc/passwd', 'x'.repeat(5000)
] as const

/** Anything that JSON can say and nobody expects. */
export function chooseHostile (random: Random): unknown {
  switch (random.integer(0, 9)) {
    case 0:
    case 1:
      return number(random.pick(NUMBERS))
    case 2:
    case 3:
      return random.pick(TEXTS)
    case 4:
      return `${MADE_UP} ${random.pick(TEXTS)}`
    case 5:
      return nested(random.integer(5, 150))
    case 6:
      return random.pick<unknown>([null, true, false, [], {}, ''])
    case 7:
      return random.pick<unknown>([0, -1, 1, 2 ** 53, -5000, 253402300800000, 8.64e15, 8.64e15 + 1])
    case 8:
      return { toString: 5, valueOf: null, constructor: { prototype: {} }, length: -1, then: 'x', toJSON: 'y' }
    default:
      return Array.from({ length: random.integer(1, 60) }, (_, index) => random.chance(0.5) ? index : { [`key${index}`]: null })
  }
}

/** The same JSON with hostile things in it, as text that may be none any more. */
export function toHostileText (random: Random, value: unknown): string {
  const text = toText(random, random.chance(0.5) ? mutate(random, value, chooseHostile) : replace(random, value, random.pick([0.02, 0.1, 0.4])))
  return text.replaceAll(/"@@([^"@]+)@@"/g, '$1')
}

/** The same JSON with hostile things in the place of some of its texts, numbers and the like, however deep. Like by like, mostly: it's looked at more closely. */
function replace (random: Random, value: unknown, share: number): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => replace(random, item, share))
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(random, item, share)]))
  if (!random.chance(share)) return value
  if (random.chance(0.3)) return chooseHostile(random)
  return typeof value === 'number' ? number(random.pick(NUMBERS)) : typeof value === 'string' ? random.pick(TEXTS) : chooseHostile(random)
}

/** Becomes a bare number when it's written. */
function number (digits: string): string {
  return `@@${digits}@@`
}

function nested (depth: number): unknown {
  let value: unknown = MADE_UP
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { deeper: value }
  return value
}
