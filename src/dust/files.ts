import { FormData } from 'undici'
import { DustError, unexpectedAnswerError } from './errors.ts'
import { bareType, checkFile, type NewFile, type UploadedFile } from './file-rules.ts'
import { toInteger, toObject, toText } from './json.ts'
import { readAtMost } from './read-answer.ts'
import { uploadTarget } from './redirect.ts'
import type { DustRequest, Requester } from './request.ts'

/** Where a file is: Dust knows some by an id, and those that agents keep in the folder of a conversation by their path there. */
export type FileSource = { fileId: string } | { conversationId: string, filePath: string }

export interface FileContent {
  contentType: string
  bytes: Buffer
}

const usualMaxBytes = 25 * 1024 * 1024

/** Announces the file, and sends it where Dust says, if that is Dust. */
export async function uploadFile (requester: Requester, file: NewFile, signal?: AbortSignal): Promise<UploadedFile> {
  checkFile(file)
  const { fileName, bytes, conversationId } = file
  const contentType = bareType(file.contentType)
  const announced = toObject(toObject(await requester.json({
    operation: 'create_upload',
    method: 'POST',
    path: ['files'],
    body: { contentType, fileName, fileSize: bytes.length, useCase: 'conversation', ...(conversationId !== undefined && { useCaseMetadata: { conversationId } }) },
    secrets: [fileName],
    // An upload that is never made does no harm.
    isIdempotent: true,
    signal
  })).file)
  if (toText(announced.sId) === '') throw unexpectedAnswerError('create_upload', 'the id of the file')

  const form = new FormData()
  form.append('file', new File([new Uint8Array(bytes)], fileName, { type: contentType }))
  // Once, because a file that has arrived is refused the next time; to begin again with a new id is safe.
  const answer = await requester.json({
    operation: 'upload_file',
    method: 'POST',
    path: uploadTarget(toText(announced.uploadUrl), requester.origin),
    form,
    secrets: [fileName],
    isIdempotent: true,
    isFile: true,
    signal
  }, 1)
  const uploaded = toObject(toObject(answer).file)
  if (uploaded.status === 'failed') throw new DustError({ operation: 'upload_file', kind: 'bad_request', status: 200, message: 'Dust took the file but could not read it: check that its content is what its type says.' })
  return { sId: toText(announced.sId), fileName, contentType, fileSize: toInteger(uploaded.fileSize, bytes.length), status: toText(uploaded.status, 'ready') }
}

export async function readFile (requester: Requester, source: FileSource, { maxBytes = usualMaxBytes, signal }: { maxBytes?: number, signal?: AbortSignal | undefined } = {}): Promise<FileContent> {
  return requester.read({ ...requestFor(source), operation: 'read_file', method: 'GET', isFile: true, signal }, async ({ contentType, contentLength, body, status }) => {
    const bytes = contentLength !== null && contentLength > maxBytes ? null : await readAtMost(body, maxBytes)
    if (bytes !== null) return { contentType: contentType || 'application/octet-stream', bytes }
    const size = contentLength === null ? '' : ` It has ${contentLength}.`
    throw new DustError({ operation: 'read_file', kind: 'bad_request', status, type: 'file_too_large', message: `The file is larger than the ${maxBytes} bytes that are read of one.${size} Open it in Dust.` })
  })
}

function requestFor (source: FileSource): Pick<DustRequest, 'path' | 'query'> {
  return 'fileId' in source
    ? { path: ['files', source.fileId], query: { action: 'view', version: 'original' } }
    : { path: ['assistant', 'conversations', source.conversationId, 'files', ...source.filePath.split('/')] }
}
