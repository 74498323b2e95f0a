import { DustError } from './errors.ts'
import { parseJson } from './json.ts'
import type { DustRequest, OpenAnswer } from './request.ts'

/** Conversations hold all that agents and tools ever said in them. */
const maxAnswerBytes = 64 * 1024 * 1024

/** Reads a body to its end, or not: `null` as soon as it's larger than `maxBytes`. */
export async function readAtMost (body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

/** Reads the answer as JSON; throws a DustError of kind `invalid_response` when it's something else or too large. */
export async function readJson ({ operation }: DustRequest, { status, contentType, body }: OpenAnswer): Promise<unknown> {
  const bytes = await readAtMost(body, maxAnswerBytes)
  if (bytes === null) {
    throw new DustError({ operation, kind: 'invalid_response', status, message: `Dust's answer is larger than ${maxAnswerBytes} bytes: ask for less of it.` })
  }
  const parsed = parseJson(new TextDecoder().decode(bytes))
  if (parsed !== undefined) return parsed
  throw new DustError({
    operation,
    kind: 'invalid_response',
    status,
    message: `Dust answered ${status} with ${contentType || 'no content type'} that is not JSON: check DUST_BASE_URL and that no proxy answers in Dust's place.`
  })
}
