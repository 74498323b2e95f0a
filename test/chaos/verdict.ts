import { isDeepStrictEqual } from 'node:util'
import type { Run } from '../../src/emulator/run/run.ts'
import type { Call } from './client.ts'
import type { Finding } from './finding.ts'
import { draftsOf, stepsOf, taleIn, taleOf, type Tale } from './tale.ts'

/**
 * Compares what a client got with what the agent did.
 *
 * @param runs all that the emulated workspace ever ran, by the id of the agent's message
 */
export function judge ({ question, outcome, progress }: Call, runs: ReadonlyMap<string, Run>): Finding[] {
  const findings: Finding[] = []
  for (const [index, { progress: number }] of progress.entries()) {
    const before = progress[index - 1]?.progress ?? 0
    if (number <= before) findings.push({ kind: 'reordered', words: `progress ${number} came after ${before}` })
  }
  if (outcome.kind === 'silent') findings.push({ kind: 'lost', words: `no end after ${progress.length} notifications` })
  if (outcome.kind === 'answered') {
    const { messageId, answer } = outcome.structured
    const run = runs.get(String(messageId))
    if (run?.order.prompt !== question.text) findings.push({ kind: 'wrong', words: `it is the answer to ${JSON.stringify(run?.order.prompt)}` })
    else {
      if (answer !== run.message.content) findings.push({ kind: 'wrong', words: difference(run.message.content ?? '', String(answer)) })
      findings.push(...compare(taleOf(run), taleIn(progress)))
    }
  }
  return findings
}

/** What can be said only when all calls have ended, since it may have come late: runs that nobody asked for, and second answers. */
export function judgeInTheEnd ({ asked, watch }: Call, starts: number): Finding[] {
  if (starts <= asked) return watch.faults
  return [...watch.faults, { kind: 'doubled', words: `asked ${asked} times, ${starts} runs were started` }]
}

export function compare (told: Tale, seen: Tale): Finding[] {
  if (isDeepStrictEqual(told, seen)) return []
  const [toldDrafts, seenDrafts] = [draftsOf(told), draftsOf(seen)]
  const findings: Finding[] = []
  for (const draft of new Set([...toldDrafts.keys(), ...seenDrafts.keys()])) {
    const [expected, actual] = [toldDrafts.get(draft) ?? '', seenDrafts.get(draft) ?? '']
    if (expected !== actual) findings.push({ kind: kindOf(actual.length - expected.length), words: `draft ${draft}: ${difference(expected, actual)}` })
  }
  const [toldSteps, seenSteps] = [stepsOf(told), stepsOf(seen)]
  if (!isDeepStrictEqual(toldSteps, seenSteps)) {
    findings.push({ kind: kindOf(seenSteps.length - toldSteps.length), words: `steps: ${JSON.stringify(seenSteps)} instead of ${JSON.stringify(toldSteps)}` })
  }
  return findings.length > 0 ? findings : [{ kind: 'reordered', words: `${JSON.stringify(seen)} instead of ${JSON.stringify(told)}` }]
}

function kindOf (surplus: number): Finding['kind'] {
  if (surplus === 0) return 'reordered'
  return surplus > 0 ? 'doubled' : 'missing'
}

function difference (expected: string, actual: string): string {
  let place = 0
  while (place < expected.length && expected[place] === actual[place]) place++
  const from = (text: string): string => JSON.stringify(text.slice(place, place + 40))
  return `after ${JSON.stringify(expected.slice(Math.max(0, place - 40), place))} came ${from(actual)} instead of ${from(expected)}`
}
