import type { Random } from '../../src/emulator/random.ts'

const KEYS = ['constructor', 'prototype', 'toString', 'hasOwnProperty', 'jsonrpc', 'id', 'method', 'params', '_meta', 'result', 'error', 'extra'] as const
const VALUES = [null, true, 0, -1, 1.5, '', 'text', [], {}, [[]], [{}], { a: { b: { c: 1 } } }, '2.0', '2026-07-28'] as const

/** Chooses what comes in the place of something. */
export type Choose = (random: Random) => unknown

const usual: Choose = (random) => random.pick(VALUES)

/** The same JSON, with one or a few things in it changed. */
export function mutate (random: Random, value: unknown, choose = usual): unknown {
  let mutant = structuredClone(value)
  for (let times = random.integer(1, 3); times > 0; times--) mutant = mutateOnce(random, mutant, choose)
  return mutant
}

function mutateOnce (random: Random, value: unknown, choose: Choose): unknown {
  if (typeof value !== 'object' || value === null) return choose(random)
  const entries = Object.entries(value)
  const index = random.integer(0, entries.length - 1)
  const entry = entries[index]
  const chance = random.next()
  if (entry === undefined || chance < 0.15) entries.push([random.pick(KEYS), choose(random)])
  else if (chance < 0.3) entries.splice(index, 1)
  else if (chance < 0.5) entry[1] = choose(random)
  else entry[1] = mutateOnce(random, entry[1], choose)
  return Array.isArray(value) ? entries.map(([, item]: [string, unknown]) => item) : Object.fromEntries(entries)
}

/** As JSON, or nearly: some texts are cut off, say a key twice, reach for a prototype or go very deep. */
export function toText (random: Random, value: unknown): string {
  const json = JSON.stringify(value)
  const chance = random.next()
  if (chance < 0.96 || !json.startsWith('{') || json === '{}') return json
  switch (random.integer(0, 4)) {
    case 0:
      return json.slice(0, random.integer(0, json.length - 1))
    case 1:
      return `{"method":"ping",${json.slice(1)}`
    case 2:
      return `{"__proto__":{"method":"ping"},${json.slice(1)}`
    case 3:
      return `{"constructor":{"prototype":{"x":1}},${json.slice(1)}`
    default:
      return `{"deep":${'['.repeat(2000)}${']'.repeat(2000)},${json.slice(1)}`
  }
}
