import { Type, type Static } from '@sinclair/typebox'
import type { FastifySchemaValidationError } from 'fastify/types/schema.js'
import { ApiError, invalidRequest } from './errors.ts'

const words: Readonly<Record<string, string>> = { body: 'request body', querystring: 'query parameters', params: 'path parameters' }

/** Turns a failed schema into Dust's words. */
export function schemaError (faults: FastifySchemaValidationError[], part: string): Error {
  const details = faults.map(({ instancePath, message }) => `${instancePath.slice(1).replaceAll('/', '.')} ${message ?? 'is invalid'}`.trim())
  return invalidRequest(`Invalid ${words[part] ?? part}: ${details.join(', ')}`)
}

const shortText = Type.Union([Type.String({ maxLength: 254 }), Type.Null()])
const idList = Type.Union([Type.Array(Type.String()), Type.Null()])

export const contextBody = Type.Object({
  username: Type.String({ minLength: 1, maxLength: 254 }),
  timezone: Type.String({ maxLength: 254 }),
  fullName: Type.Optional(shortText),
  email: Type.Optional(shortText),
  profilePictureUrl: Type.Optional(Type.Union([Type.String({ maxLength: 2047 }), Type.Null()])),
  origin: Type.Optional(Type.Unknown()),
  clientSideMCPServerIds: Type.Optional(idList),
  selectedMCPServerViewIds: Type.Optional(idList)
})

export const messageBody = Type.Object({
  content: Type.String({ minLength: 1 }),
  mentions: Type.Array(Type.Union([
    Type.Object({ configurationId: Type.String() }),
    Type.Object({ type: Type.Literal('user'), userId: Type.String() })
  ])),
  context: contextBody,
  agenticMessageData: Type.Optional(Type.Unknown()),
  modelSelection: Type.Optional(Type.Object({
    providerId: Type.String(),
    modelId: Type.String(),
    reasoningEffort: Type.Optional(Type.Unsafe<string>({ enum: ['none', 'light', 'medium', 'high'] }))
  }))
})
export type MessageBody = Static<typeof messageBody>

const allowedOrigins = new Set(['api', 'excel', 'gsheet', 'make', 'n8n', 'powerpoint', 'zapier'])
const refusedOrigins = new Set(['agent_sidekick', 'branch_anchor', 'cli', 'cli_programmatic', 'email', 'extension', 'onboarding_conversation', 'project_kickoff',
  'raycast', 'reinforced_skill_notification', 'reinforcement', 'slack', 'slack_workflow', 'teams', 'transcript', 'triggered', 'triggered_programmatic', 'wakeup', 'web', 'zendesk'])

/**
 * Checks what a schema can't say about a message, and reads the parts that matter.
 *
 * @throws {ApiError} 400 or 401, in Dust's words
 */
export function readMessage ({ content, mentions, context, agenticMessageData }: MessageBody) {
  if (!isTimezone(context.timezone)) throw invalidRequest('Invalid request body: context.timezone Invalid timezone')
  if (agenticMessageData !== undefined) throw userOnly('agenticMessageData is only available to system keys.')
  if (context.clientSideMCPServerIds != null || context.selectedMCPServerViewIds != null) throw userOnly('MCP servers of a client are only available when authenticated as a user.')
  const origin = typeof context.origin === 'string' ? context.origin : 'api'
  if (refusedOrigins.has(origin)) throw invalidRequest('This origin is not allowed. Remove the origin from the context property.')
  const agents = mentions.filter((mention) => 'configurationId' in mention)
  if (agents.length > 1) throw invalidRequest('Only one agent can be mentioned per message.')
  return { content, mentions: agents, context: { ...context, origin: allowedOrigins.has(origin) ? origin : 'api' } }
}

/** Case matters, and offsets such as `+02:00`, which `Intl` accepts, aren't names. */
function isTimezone (name: string): boolean {
  if (!/^[A-Z]/.test(name)) return false
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}

function userOnly (message: string): ApiError {
  return new ApiError(401, 'invalid_request_error', message)
}
