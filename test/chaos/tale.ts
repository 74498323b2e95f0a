import type { Progress } from '@modelcontextprotocol/sdk/types.js'
import { parseJson, toNumber, toObject, toText } from '../../src/dust/json.ts'
import { narrate } from '../../src/dust/narration.ts'
import { readEvent } from '../../src/dust/read-event.ts'
import type { Run } from '../../src/emulator/run/run.ts'

/** What is told of a run while it goes on: its steps, and the texts of its drafts in between. */
export type Tale = Line[]

export type Line = { kind: 'text', draft: number, text: string } | { kind: 'step', text: string }

/** What the emulated agent did, in the words that somebody who watched all of it must have got. */
export function taleOf (run: Run): Tale {
  const { message: { configuration }, conversationId, events } = run
  const tale: Tale = [{ kind: 'step', text: `${configuration.name} got the message, in conversation ${conversationId}` }]
  for (const { frame } of events.after()) {
    const event = readEvent(toObject(toObject(parseJson(frame.slice('data: '.length))).data))
    const narration = event === null ? null : narrate(event)
    if (narration === null) continue
    if (narration.kind === 'answer') add(tale, { kind: 'text', draft: narration.step, text: narration.text })
    else add(tale, { kind: 'step', text: narration.text })
  }
  return tale
}

/** What a client was told as progress, signs of life left out. */
export function taleIn (progress: readonly Progress[]): Tale {
  const tale: Tale = []
  for (const notification of progress) {
    const text = toText(notification.message)
    const meta = toObject(toObject(notification)['_meta'])
    const kind = meta['mcp-dust-server/kind']
    if (kind === 'text') add(tale, { kind, draft: toNumber(meta['mcp-dust-server/draft'], Number.NaN), text })
    else if (kind !== 'heartbeat') add(tale, { kind: 'step', text })
  }
  return tale
}

/** The text of each draft, whatever was told in between. */
export function draftsOf (tale: Tale): Map<number, string> {
  const drafts = new Map<number, string>()
  for (const line of tale) if (line.kind === 'text') drafts.set(line.draft, (drafts.get(line.draft) ?? '') + line.text)
  return drafts
}

export function stepsOf (tale: Tale): string[] {
  return tale.filter(({ kind }) => kind === 'step').map(({ text }) => text)
}

/** The size of pieces says nothing: those that follow each other are one. */
function add (tale: Tale, line: Line): void {
  const last = tale.at(-1)
  if (line.kind === 'text' && last?.kind === 'text' && last.draft === line.draft) last.text += line.text
  else tale.push(line)
}
