import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { addAskingTools } from './asking-tools.ts'
import { image, PNG, resource, text } from './contents.ts'
import { form } from './questions.ts'
import { addTools } from './tools.ts'

const user = <Content>(content: Content) => ({ role: 'user' as const, content })

/** Everything that the official conformance suites look for in a server, by the names that they know. */
export default fp(async (fastify) => {
  const { mcp } = fastify
  addTools(fastify)
  addAskingTools(fastify)

  mcp.addResource({ uri: 'test://static-text', name: 'static-text', description: 'A text.', mimeType: 'text/plain' }, () => ({ text: 'This is the content of the static text resource.' }))
  mcp.addResource({ uri: 'test://static-binary', name: 'static-binary', description: 'A red dot.', mimeType: 'image/png' }, () => ({ blob: PNG }))
  mcp.addResource({ uri: 'test://watched-resource', name: 'watched-resource', description: 'Something to subscribe to.', mimeType: 'text/plain' }, () => ({ text: 'Watched resource content' }))
  mcp.addResourceTemplate(
    { uriTemplate: 'test://template/{id}/data', name: 'template', description: 'Data by id.', mimeType: 'application/json' },
    ({ id }) => ({ text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) }))

  mcp.addPrompt({ name: 'test_simple_prompt', description: 'A text.' }, () => 'This is a simple prompt for testing.')
  mcp.addPrompt({
    name: 'test_prompt_with_arguments',
    description: 'A text with two words put in.',
    input: Type.Object({ arg1: Type.String({ description: 'The first word.' }), arg2: Type.String({ description: 'The second word.' }) }),
    complete: { arg1: (typed) => ['paris', 'park', 'party'].filter((word) => word.startsWith(typed)) }
  }, ({ arg1, arg2 }) => `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)
  mcp.addPrompt({
    name: 'test_prompt_with_embedded_resource', description: 'A resource and a text.', input: Type.Object({ resourceUri: Type.String({ description: 'Which one.' }) })
  }, ({ resourceUri }) => ({
    messages: [user(resource(resourceUri, 'text/plain', 'Embedded resource content for testing.')), user(text('Please process the embedded resource above.'))]
  }))
  mcp.addPrompt({ name: 'test_prompt_with_image', description: 'A picture and a text.' }, () => ({ messages: [user(image()), user(text('Please analyze the image above.'))] }))
  mcp.addPrompt({ name: 'test_input_required_result_prompt', description: 'A text that needs an answer first.' }, async (_args, { ask }) => {
    const { content } = await ask('user_context', form('What context should the prompt use?', { context: { type: 'string' } }))
    return `Context: ${String(content?.['context'])}`
  })
}, { name: 'conformance-fixtures', dependencies: ['mcp'] })
