import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { InputRequest, Operation, ToolResult } from '../../src/index.ts'
import { form, roots, sample } from './questions.ts'

const titled = (noun: string) => ['First', 'Second', 'Third'].map((word, index) => ({ const: `value${index + 1}`, title: `${word} ${noun}` }))

/** The tools that ask their client something, once or several times. */
export function addAskingTools ({ mcp }: FastifyInstance): void {
  const add = (name: string, handler: (operation: Operation) => Promise<ToolResult>): void => {
    mcp.addTool({ name, description: `Shows ${name.slice('test_'.length).replaceAll('_', ' ')}.`, input: Type.Object({}) }, (_args, operation) => handler(operation))
  }

  mcp.addTool({ name: 'test_sampling', description: 'Asks the model of the client.', input: Type.Object({ prompt: Type.String() }) }, async ({ prompt }, operation) => {
    const answer = await operation.ask('sample', sample(prompt))
    return { text: `LLM response: ${JSON.stringify(answer.content)}` }
  })
  mcp.addTool({ name: 'test_elicitation', description: 'Asks a person.', input: Type.Object({ message: Type.String() }) }, async ({ message }, operation) => {
    const answer = await operation.ask('user', form(message, {
      username: { type: 'string', description: 'User\'s response' }, email: { type: 'string', description: 'User\'s email address' }
    }))
    return { text: `User response: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}` }
  })
  add('test_elicitation_sep1034_defaults', (operation) => answerTo(operation, form('Please review', {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true }
  }, [])))
  add('test_elicitation_sep1330_enums', (operation) => answerTo(operation, form('Please select', {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: { type: 'string', oneOf: titled('Option') },
    legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
    untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
    titledMulti: { type: 'array', items: { anyOf: titled('Choice') } }
  }, [])))

  add('test_input_required_result_elicitation', async ({ ask }) => {
    const { content } = await ask('user_name', form('What is your name?', { name: { type: 'string' } }))
    return { text: `Hello, ${String(content?.['name'])}!` }
  })
  add('test_input_required_result_sampling', async ({ ask }) => ({ text: `Answer: ${JSON.stringify((await ask('capital_question', sample('What is the capital of France?'))).content)}` }))
  add('test_input_required_result_list_roots', async ({ ask }) => ({ text: `Roots: ${JSON.stringify((await ask('client_roots', roots())).roots)}` }))
  add('test_input_required_result_request_state', async ({ ask }) => ({ text: `state-ok ${(await ask('confirm', form('Please confirm', { ok: { type: 'boolean' } }))).action}` }))
  add('test_input_required_result_tampered_state', async ({ ask }) => ({ text: `integrity-ok ${(await ask('confirm', form('Please confirm', { ok: { type: 'boolean' } }))).action}` }))
  add('test_input_required_result_multiple_inputs', async ({ askAll }) => ({
    text: JSON.stringify(await askAll({
      user_name: form('What is your name?', { name: { type: 'string' } }), greeting: sample('Generate a greeting', 50), client_roots: roots()
    }))
  }))
  add('test_input_required_result_multi_round', async ({ ask }) => {
    const first = await ask('step1', form('Step 1: What is your name?', { name: { type: 'string' } }))
    const second = await ask('step2', form('Step 2: What is your favorite color?', { color: { type: 'string' } }))
    return { text: `${String(first.content?.['name'])} ${String(second.content?.['color'])}` }
  })
  add('test_input_required_result_capabilities', async ({ askAll, clientCapabilities }) => {
    const requests: Record<string, InputRequest> = {
      ...(clientCapabilities.elicitation === undefined ? {} : { elicit_input: form('Elicitation input', { value: { type: 'string' } }) }),
      ...(clientCapabilities.sampling === undefined ? {} : { sample_input: sample('Sample request', 50) })
    }
    await askAll(requests)
    return { text: `Asked ${Object.keys(requests).length} questions` }
  })
}

async function answerTo ({ ask }: Operation, request: ReturnType<typeof form>): Promise<ToolResult> {
  const { action, content = {} } = await ask('form', request)
  return { text: `Elicitation completed: action=${action}, content=${JSON.stringify(content)}` }
}
