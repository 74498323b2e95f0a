import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { setTimeout as pause } from 'node:timers/promises'
import { ToolError, type Operation, type ToolResult } from '../../src/index.ts'
import { audio, image, resource, text } from './contents.ts'

const NOTHING = Type.Object({})
/** How far apart the suite wants to see notifications. */
const STEP_MS = 50

/** The tools that the suites call to see contents, notifications, errors and schemas go through. */
export function addTools ({ mcp }: FastifyInstance): void {
  const add = (name: string, handler: (operation: Operation) => Promise<ToolResult> | ToolResult): void => {
    mcp.addTool({ name, description: `Shows ${name.slice('test_'.length).replaceAll('_', ' ')}.`, input: NOTHING }, (_args, operation) => handler(operation))
  }

  add('test_simple_text', () => ({ text: 'This is a simple text response for testing.' }))
  add('test_image_content', () => ({ content: [image()] }))
  add('test_audio_content', () => ({ content: [audio()] }))
  add('test_embedded_resource', () => ({ content: [resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')] }))
  add('test_multiple_content_types', () => ({
    content: [text('Multiple content types test:'), image(), resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}')]
  }))
  add('test_tool_with_logging', async ({ log }) => {
    for (const words of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await log('info', words)
      await pause(STEP_MS)
    }
    return { text: 'logged' }
  })
  add('test_tool_with_progress', async ({ progress }) => {
    for (const done of [0, 50, 100]) {
      await progress({ progress: done, total: 100, message: `${done} %` })
      await pause(STEP_MS)
    }
    return { text: 'done' }
  })
  add('test_error_handling', () => { throw new ToolError('This tool intentionally returns an error for testing') })
  add('test_reconnection', async ({ closeStream }) => {
    await closeStream()
    await pause(2 * STEP_MS)
    return { text: 'Reconnection test completed' }
  })
  add('test_streaming_elicitation', async ({ progress }) => {
    await progress({ progress: 50, total: 100 })
    return { text: 'Streaming complete' }
  })
  add('test_logging_tool', async ({ log }) => {
    await log('info', 'Diagnostic trace')
    return { text: 'logged' }
  })
  add('test_missing_capability', (operation) => {
    operation.require({ sampling: {} })
    return { text: 'The client can sample.' }
  })
  add('test_trigger_tool_change', () => {
    mcp.listChanged('tools')
    return { text: 'changed' }
  })
  add('test_trigger_prompt_change', () => {
    mcp.listChanged('prompts')
    return { text: 'changed' }
  })

  mcp.addTool({ name: 'json_schema_2020_12_tool', description: 'Has a schema with keywords of JSON Schema 2020-12.', input: Type.Unsafe<Record<string, unknown>>(SCHEMA_2020_12) }, (args) => ({ text: JSON.stringify(args) }))
}

const SCHEMA_2020_12 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: { $anchor: 'addressDef', type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } }
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' }
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false
}
