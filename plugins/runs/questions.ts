import type { QuestionAnswer } from '../../src/dust/client.ts'
import type { UserQuestion } from '../../src/dust/types.ts'
import type { InputRequest, InputResponse } from '../../src/mcp/input.ts'
import { describeNeed, type Need } from './needs.ts'

type Elicitation = Extract<InputRequest, { method: 'elicitation/create' }>
type Elicited = InputResponse<Elicitation>
type Fields = Extract<Elicitation['params'], { requestedSchema: unknown }>['requestedSchema']

const OTHER = 'other'

/** Asks a person for what an agent needs, in a way that every client can show. */
export function requestFor (agentName: string, need: Need, url: string): Elicitation {
  const message = describeNeed(agentName, need)
  switch (need.kind) {
    case 'approval':
      return form(message, { decision: { type: 'string', title: 'Decision', enum: ['approve', 'reject'], enumNames: ['Approve', 'Reject'] } }, ['decision'])
    case 'answer':
      return form(message, questionFields(need.question))
    case 'authorization':
      return { method: 'elicitation/create', params: { mode: 'url', message, elicitationId: need.actionId, url } }
  }
}

/** Nothing but a plain yes is one. */
export function isApproved ({ action, content }: Elicited): boolean {
  return action === 'accept' && content?.['decision'] === 'approve'
}

/** As Dust takes it; `null` when the person didn't answer. */
export function toUserAnswer ({ options }: UserQuestion, { action, content = {} }: Elicited): QuestionAnswer | null {
  if (action !== 'accept') return null
  const selectedOptions = options.flatMap((_option, index) => content['choice'] === String(index) || content[`option${index}`] === true ? [index] : [])
  const words = content[OTHER]
  const customResponse = typeof words === 'string' && words.trim() !== '' ? words : undefined
  if (selectedOptions.length === 0 && customResponse === undefined) return null
  return { selectedOptions, ...(customResponse === undefined ? {} : { customResponse }) }
}

function form (message: string, properties: Fields['properties'], required: string[] = []): Elicitation {
  return { method: 'elicitation/create', params: { mode: 'form', message, requestedSchema: { type: 'object', properties, ...(required.length === 0 ? {} : { required }) } } }
}

/** One of the options, several, or words of one's own: lists of choices are unknown to many clients. */
function questionFields ({ options, multiSelect }: UserQuestion): Fields['properties'] {
  const labels = options.map(({ label }) => label)
  const choices = multiSelect
    ? labels.map((title, index) => [`option${index}`, { type: 'boolean', title, default: false }] as const)
    : [['choice', { type: 'string', title: 'Choice', enum: labels.map((_label, index) => String(index)), enumNames: labels }] as const]
  return {
    ...(labels.length === 0 ? {} : Object.fromEntries(choices)),
    [OTHER]: { type: 'string', title: labels.length === 0 ? 'Answer' : 'Something else' }
  }
}
