import { ApiError } from './errors.ts'

const types: Readonly<Record<string, string>> = {
  application: 'json msword octet-stream pdf vnd.ms-excel vnd.ms-powerpoint vnd.openxmlformats-officedocument.presentationml.presentation vnd.openxmlformats-officedocument.spreadsheetml.sheet vnd.openxmlformats-officedocument.wordprocessingml.document x-sh x-yaml xml',
  audio: 'mpeg ogg wav webm x-m4a x-wav',
  image: 'bmp gif jpeg png svg+xml webp x-icon',
  message: 'rfc822',
  text: 'calendar comma-separated-values css csv html javascript markdown plain tab-separated-values tsv typescript vnd.yaml x-c x-csharp x-go x-groovy x-java-source x-kotlin x-perl x-php x-python x-ruby x-rust x-scala x-sh x-sql x-swift xml yaml',
  video: 'webm'
}

const megabyte = 1024 * 1024
const largest: Readonly<Record<string, number>> = { image: 5 * megabyte, audio: 25 * megabyte, video: 25 * megabyte }
export const largestFileBytes = 50 * megabyte

/** @throws {ApiError} 400 file_type_not_supported or file_too_large */
export function assertAccepted (contentType: string, fileName: string, size: number): void {
  const [family = '', kind = ''] = contentType.split('/')
  if (!(types[family] ?? '').split(' ').includes(kind)) throw new ApiError(400, 'file_type_not_supported', `Content type "${contentType}" is not supported.`)
  if (size > (largest[family] ?? largestFileBytes)) throw fileTooLarge(fileName)
}

/** Whether it may be attached as a text, without a file. */
export function isText (contentType: string): boolean {
  const [family = '', kind = ''] = contentType.split('/')
  return ['application', 'message', 'text'].includes(family) && (types[family] ?? '').split(' ').includes(kind)
}

/** What a browser could be made to run isn't shown, only downloaded. */
export function isShown (contentType: string): boolean {
  return !['text/html', 'text/javascript', 'text/typescript', 'image/svg+xml', 'text/xml', 'application/xml'].includes(contentType)
}

export function fileTooLarge (fileName: string): ApiError {
  return new ApiError(400, 'file_too_large', `File "${fileName}" is too large.`)
}

export function fileNotFound (): ApiError {
  return new ApiError(404, 'file_not_found', 'The file was not found.')
}
