import type { InputRequest } from '../../src/index.ts'

type Elicitation = Extract<InputRequest, { method: 'elicitation/create' }>
type Sampling = Extract<InputRequest, { method: 'sampling/createMessage' }>
type Roots = Extract<InputRequest, { method: 'roots/list' }>
type Properties = Extract<Elicitation['params'], { requestedSchema: unknown }>['requestedSchema']['properties']

export function form (message: string, properties: Properties, required = Object.keys(properties)): Elicitation {
  return { method: 'elicitation/create', params: { mode: 'form', message, requestedSchema: { type: 'object', properties, required } } }
}

export function sample (words: string, maxTokens = 100): Sampling {
  return { method: 'sampling/createMessage', params: { messages: [{ role: 'user', content: { type: 'text', text: words } }], maxTokens } }
}

export const roots = (): Roots => ({ method: 'roots/list', params: {} })
