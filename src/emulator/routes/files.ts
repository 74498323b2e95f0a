import { Type, type Static } from '@sinclair/typebox'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError, invalidRequest } from '../errors.ts'
import { assertAccepted, fileNotFound, fileTooLarge, isShown, largestFileBytes } from '../file-rules.ts'
import type { StoredFile } from '../workspace/files.ts'
import { findRoom } from './parameters.ts'

const announceBody = Type.Object({
  contentType: Type.String(),
  fileName: Type.String({ maxLength: 4096 }),
  fileSize: Type.Number({ minimum: 0 }),
  useCase: Type.Unsafe<string>({ enum: ['conversation', 'upsert_table'] }),
  useCaseMetadata: Type.Optional(Type.Object({ conversationId: Type.String(), sourceProvider: Type.Optional(Type.String()), sourceIcon: Type.Optional(Type.String()) }))
})
const filePath = Type.Object({ wId: Type.String(), fileId: Type.String() })
type FilePath = Static<typeof filePath>
const readQuery = Type.Object({ action: Type.Optional(Type.String()), version: Type.Optional(Type.String()) })

/** Uploads, which take two requests, and what comes back of them. */
export const fileRoutes: FastifyPluginAsync = async (scope) => {
  const { workspace, limits, settings } = scope.emulator
  const { files } = workspace

  scope.addContentTypeParser('multipart/form-data', { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes))

  scope.post<{ Body: Static<typeof announceBody> }>('/', {
    config: { dustOperation: 'files.create' },
    schema: { body: announceBody }
  }, async (request) => {
    const { contentType, fileName, fileSize, useCase, useCaseMetadata } = request.body
    if (!limits.uploads.take()) throw new ApiError(429, 'rate_limit_error', 'You have reached the rate limit for this workspace.')
    if (useCase !== 'conversation') throw invalidRequest('The file use case is not supported by the API.')
    assertAccepted(contentType, fileName, fileSize)
    const conversationId = useCaseMetadata?.conversationId ?? null
    const file = files.announce({ contentType, fileName, fileSize, useCase, conversationId })
    return { file: toJson(file, request) }
  })

  scope.post<{ Params: FilePath }>('/:fileId', {
    config: { dustOperation: 'files.upload' },
    schema: { params: filePath },
    bodyLimit: largestFileBytes + 1024 * 1024
  }, async (request) => {
    const file = findFile(request.params)
    const bytes = await readUpload(request)
    if (file.status !== 'created') throw invalidRequest('The file has already been uploaded or the upload has failed.')
    if (bytes.length === 0) throw new ApiError(400, 'file_is_empty', 'The file is empty.')
    if (bytes.length > file.fileSize) throw fileTooLarge(file.fileName)
    files.receive(file, bytes)
    return { file: toJson(file, request) }
  })

  scope.get<{ Params: FilePath, Querystring: Static<typeof readQuery> }>('/:fileId', {
    config: { dustOperation: 'files.read' },
    schema: { params: filePath, querystring: readQuery }
  }, async (request, reply) => {
    const file = findFile(request.params)
    if (file.status !== 'ready') throw fileNotFound()
    if (request.query.action === 'view' && isShown(file.contentType) && request.foreignUrl === null) return send(reply, file)
    return reply.redirect(request.foreignUrl ?? `${originOf(request)}/_emulator/storage/${files.sign(file)}`, 302)
  })

  scope.delete<{ Params: FilePath }>('/:fileId', {
    config: { dustOperation: 'files.delete' },
    schema: { params: filePath }
  }, async ({ params }, reply) => {
    files.remove(findFile(params).sId)
    return reply.code(204).send()
  })

  function toJson ({ bytes, conversationId, ...told }: StoredFile, request: FastifyRequest) {
    const address = `${originOf(request)}/api/v1/w/${settings.workspaceId}/files/${told.sId}`
    return { ...told, id: told.sId, createdAt: 1768470000000, downloadUrl: `${address}?action=download`, uploadUrl: request.foreignUrl ?? address }
  }

  /** A file of a conversation that doesn't exist isn't found either. */
  function findFile ({ wId, fileId }: FilePath): StoredFile {
    const file = files.get(fileId)
    if (file === undefined) throw fileNotFound()
    if (file.conversationId !== null) findRoom(workspace, { wId, cId: file.conversationId })
    return file
  }
}

export function send (reply: FastifyReply, { contentType, bytes }: Pick<StoredFile, 'contentType' | 'bytes'>): FastifyReply {
  return reply.header('content-type', contentType).send(bytes)
}

async function readUpload ({ body, headers }: FastifyRequest): Promise<Buffer> {
  if (!Buffer.isBuffer(body)) throw invalidRequest('The file must come as multipart/form-data.')
  const form = await readForm(body, headers['content-type'] ?? '')
  const part = form?.get('file') ?? null
  if (part === null || typeof part === 'string') throw invalidRequest('No file uploaded')
  return Buffer.from(await part.arrayBuffer())
}

async function readForm (body: Buffer, contentType: string): Promise<FormData | null> {
  try {
    return await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData()
  } catch {
    // A form that can't be read is as good as none: the caller is told that the file is missing.
    return null
  }
}

function originOf ({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`
}
