import { createHash } from 'node:crypto'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import { foreignKey } from '../authentication.ts'
import { errorTypes } from '../error-types.ts'
import { ApiError } from '../errors.ts'
import { faultSet, faultShapes, type FaultSet } from '../faults/fault.ts'
import { operations } from '../operations.ts'

const paceBody = Type.Object({ pace: Type.Number({ minimum: 0, maximum: 100 }) }, { additionalProperties: false })

const perMinute = Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]))
const limitsBody = Type.Object({ messagesPerMinute: perMinute, uploadsPerMinute: perMinute }, { additionalProperties: false })

const endpoints = {
  'GET /_emulator': 'this page',
  'GET /_emulator/faults': 'the faults that can still strike',
  'PUT /_emulator/faults': 'body { "faults": [...] }: switches these on and all others off',
  'DELETE /_emulator/faults': 'switches all off',
  'PUT /_emulator/pace': 'body { "pace": 0.1 }: 1 is natural, 0 is as fast as possible',
  'POST /_emulator/agents': 'body { "name": "...", "sId"?, "description"?, "scope"?, "like"? }: adds an agent that works like another one, dust unless told',
  'PATCH /_emulator/agents/{sId}': 'body { "name"?, "description"?, "scope"?, "status"? }: renames, archives, hides an agent',
  'PUT /_emulator/crowd': 'body { "agents": 300 }: adds agents until that many can be asked, some with awkward names',
  'GET /_emulator/messages/{sId}': 'what the emulator knows of an agent message: final text, status, events, connections',
  'POST /_emulator/authorizations/{actionId}': 'a person connects the account, or opens the file, that this action waits for',
  'GET /_emulator/cancels': 'the messages that someone cancelled, and when',
  'GET /_emulator/files': 'every file that has an id, with the hash of its bytes',
  'PUT /_emulator/limits': 'body { "messagesPerMinute": 100, "uploadsPerMinute": 40 }, those of Dust: limits what comes from now on; null lifts a limit',
  'GET /_emulator/requests': 'how often each operation was requested'
}

/** The side of the emulator that Dust doesn't have. Open to everyone who can reach it. */
export const controlRoutes: FastifyPluginAsync = async (scope) => {
  const { emulator } = scope
  const { faults, limits, pace, workspace: { agents } } = emulator

  scope.get('/', async () => ({
    endpoints,
    workspaceId: emulator.settings.workspaceId,
    apiKey: emulator.settings.apiKey,
    keyOfAnotherWorkspace: foreignKey,
    seed: emulator.settings.seed,
    pace: pace.factor,
    agents: agents.configurations().map(({ sId, name, status, description }) => ({ sId, name, status, description })),
    operations,
    errorTypes: Object.fromEntries(errorTypes),
    faults: faultShapes.map(({ description, properties, required = [] }) => ({
      kind: properties['kind']?.['const'],
      description,
      fields: Object.keys(properties).filter((name) => name !== 'kind').map((name) => required.includes(name) ? name : `${name}?`)
    }))
  }))

  scope.get('/faults', async () => ({ faults: faults.list() }))

  scope.put<{ Body: FaultSet }>('/faults', { schema: { body: faultSet } }, async ({ body }) => {
    faults.replace(body.faults)
    return { faults: faults.list() }
  })

  scope.delete('/faults', async () => {
    faults.clear()
    return { faults: faults.list() }
  })

  scope.put<{ Body: Static<typeof paceBody> }>('/pace', { schema: { body: paceBody } }, async ({ body }) => {
    pace.factor = body.pace
    return { pace: pace.factor }
  })

  scope.get<{ Params: { sId: string } }>('/messages/:sId', async ({ params }) => {
    const record = emulator.message(params.sId)
    if (record === undefined) throw new ApiError(404, 'message_not_found', `There is no agent message ${params.sId}.`)
    return record
  })

  scope.post<{ Params: { actionId: string } }>('/authorizations/:actionId', async ({ params }) => {
    if (!emulator.authorize(params.actionId)) throw new ApiError(404, 'action_not_found', `No action ${params.actionId} waits for an authorization.`)
    return { success: true }
  })

  scope.get('/cancels', async () => ({ cancels: emulator.cancels }))

  scope.get('/files', async () => ({
    files: emulator.workspace.files.all().map(({ bytes, ...told }) => ({ ...told, sha256: createHash('sha256').update(bytes).digest('hex') }))
  }))

  scope.put<{ Body: Static<typeof limitsBody> }>('/limits', { schema: { body: limitsBody } }, async ({ body }) => {
    if (body.messagesPerMinute !== undefined) limits.messages.maximum = body.messagesPerMinute
    if (body.uploadsPerMinute !== undefined) limits.uploads.maximum = body.uploadsPerMinute
    return { messagesPerMinute: limits.messages.maximum, uploadsPerMinute: limits.uploads.maximum }
  })

  scope.get('/requests', async () => ({ requests: emulator.requests() }))
}
