import { Type, type Static } from '@sinclair/typebox'
import type { QuestionAnswer } from '../../src/dust/client.ts'
import type { UserQuestion } from '../../src/dust/types.ts'
import { ToolError } from '../../src/mcp/operation.ts'
import type { Need } from './needs.ts'

/** What a person decided, in the words of whoever passes it on. */
export const Reply = Type.Object({
  decision: Type.Optional(Type.Unsafe<'approve' | 'reject'>({ type: 'string', enum: ['approve', 'reject'], description: 'For an approval.' })),
  options: Type.Optional(Type.Array(Type.String(), { description: 'For a question: the labels of the options that the person chose.' })),
  words: Type.Optional(Type.String({ description: 'For a question: what the person says in their own words.' }))
})

export type ReadReply = { kind: 'approval', decision: 'approved' | 'rejected' } | { kind: 'answer', answer: QuestionAnswer }

/**
 * Understands a reply as one to this need.
 *
 * @throws {ToolError} when it is none
 */
export function readReply (need: Need, { decision, options = [], words = '' }: Static<typeof Reply>): ReadReply {
  if (need.kind === 'authorization') throw new ToolError('Only a person can give this authorization, in Dust: tell them the url of the conversation.')
  if (need.kind === 'approval') {
    if (decision === undefined) throw new ToolError('The agent asks for approval: pass decision, "approve" or "reject".')
    return { kind: 'approval', decision: decision === 'approve' ? 'approved' : 'rejected' }
  }
  if (decision !== undefined) throw new ToolError('The agent asks a question: pass options or words, and no decision.')
  const selectedOptions = options.map((label) => positionOf(need.question, label))
  if (selectedOptions.length > 1 && !need.question.multiSelect) throw new ToolError('Only one of the options can be chosen.')
  if (selectedOptions.length === 0 && words.trim() === '') throw new ToolError('The agent asks a question: pass what the person says as options or words.')
  return { kind: 'answer', answer: { selectedOptions, ...(words.trim() === '' ? {} : { customResponse: words }) } }
}

function positionOf ({ options }: UserQuestion, label: string): number {
  const position = options.findIndex((option) => option.label.trim().toLowerCase() === label.trim().toLowerCase())
  if (position < 0) throw new ToolError(options.length === 0 ? 'The question has no options: pass words.' : `There is no option "${label.slice(0, 100)}". The options are: ${options.map((option) => option.label).join(', ')}.`)
  return position
}
