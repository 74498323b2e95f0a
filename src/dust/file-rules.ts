import { DustError } from './errors.ts'

/** A file that is to be uploaded. */
export interface NewFile {
  fileName: string
  /** Such as `text/csv`; parameters after a semicolon don't count. */
  contentType: string
  bytes: Uint8Array
  /** The conversation that it is for, if there is one already. */
  conversationId?: string
}

export interface UploadedFile {
  sId: string
  fileName: string
  contentType: string
  /** In bytes. */
  fileSize: number
  /** created, ready or failed */
  status: string
}

/** Besides every `text/*`. */
const acceptedTypes = new Set([
  'application/json', 'application/msword', 'application/octet-stream', 'application/pdf', 'application/vnd.ms-excel', 'application/vnd.ms-powerpoint',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'application/x-sh', 'application/x-yaml', 'application/xml', 'message/rfc822',
  'image/bmp', 'image/gif', 'image/jpeg', 'image/png', 'image/svg+xml', 'image/webp', 'image/x-icon',
  'audio/mpeg', 'audio/ogg', 'audio/wav', 'audio/webm', 'audio/x-m4a', 'audio/x-wav', 'video/webm'
])
const megabyte = 1024 * 1024
const longestName = 4096

/** `Text/CSV; charset=utf-8` and `text/csv` are the same type. */
export function bareType (contentType: string): string {
  return contentType.split(';', 1).join('').trim().toLowerCase()
}

export function isAcceptedType (contentType: string): boolean {
  const type = bareType(contentType)
  return acceptedTypes.has(type) || /^text\/[\w.+-]+$/.test(type)
}

/** The largest file of this type that Dust takes, in bytes. */
export function largestFile (contentType: string): number {
  const [family] = bareType(contentType).split('/')
  if (family === 'image') return 5 * megabyte
  return (family === 'audio' || family === 'video' ? 25 : 50) * megabyte
}

/** Throws a DustError with Dust's own type for what it would refuse anyway, before anything is sent. */
export function checkFile ({ fileName, contentType, bytes }: NewFile): void {
  const largest = largestFile(contentType)
  if (!isAcceptedType(contentType)) throw refused('file_type_not_supported', 'Dust takes no files of this type. It takes text, PDF, office documents, JSON, XML, YAML, source code, images and audio.')
  if (bytes.length > largest) throw refused('file_too_large', `The file has ${bytes.length} bytes, and Dust takes at most ${largest} of this type.`)
  if (bytes.length === 0) throw refused('file_is_empty', 'The file is empty: send one that has something in it.')
  if (fileName === '' || fileName.length > longestName) throw refused('invalid_request_error', `A file needs a name of 1 to ${longestName} characters.`)
  if (/\p{Control}/u.test(fileName)) throw refused('invalid_request_error', 'The name of a file must be one line, without control characters.')
}

function refused (type: string, message: string): DustError {
  return new DustError({ operation: 'create_upload', kind: 'bad_request', type, wasSent: false, message })
}
