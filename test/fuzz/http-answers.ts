export interface HttpAnswer {
  status: number
  headers: Map<string, string>
  body: Buffer
}

export interface ReadAnswers {
  /** Those that have come whole. */
  answers: HttpAnswer[]
  /** What is wrong with the bytes; `null` when nothing is, or nothing yet. */
  fault: string | null
  /** Whether there are bytes of an answer that isn't there whole. */
  isPartial: boolean
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) [\x20-\x7e]*$/
const HEADER = /^([!#$%&'*+.^_`|~\w-]+): ?([\t\x20-\x7e\x80-\xff]*)$/

/** Reads answers as RFC 9112 has them, strictly: what a lenient client would pass over is a fault. */
export function readAnswers (bytes: Buffer, isHead = false): ReadAnswers {
  const answers: HttpAnswer[] = []
  let rest = bytes
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return { answers, fault: 'HTTP/1.1 '.startsWith(rest.toString('latin1', 0, 9)) ? null : words(rest), isPartial: true }
    const [statusLine = '', ...lines] = rest.toString('latin1', 0, end).split('\r\n')
    const status = Number(STATUS_LINE.exec(statusLine)?.[1])
    if (Number.isNaN(status)) return { answers, fault: words(rest), isPartial: false }
    const headers = new Map<string, string>()
    for (const line of lines) {
      const [, name, value] = HEADER.exec(line) ?? []
      if (name === undefined || value === undefined) return { answers, fault: `a bad header: ${line.slice(0, 200)}`, isPartial: false }
      headers.set(name.toLowerCase(), value)
    }
    const body = readBody(rest.subarray(end + 4), status, headers, isHead)
    if (typeof body === 'string') return { answers, fault: body, isPartial: false }
    if (body === null) return { answers, fault: null, isPartial: true }
    // 100 Continue only announces the answer.
    if (status >= 200) answers.push({ status, headers, body: body.content })
    rest = body.rest
  }
  return { answers, fault: null, isPartial: false }
}

/** `null` when it isn't there whole; a text says what is wrong. */
function readBody (bytes: Buffer, status: number, headers: Map<string, string>, isHead: boolean): { content: Buffer, rest: Buffer } | string | null {
  if (isHead || status < 200 || status === 204 || status === 304) return { content: Buffer.alloc(0), rest: bytes }
  const length = headers.get('content-length')
  if (headers.get('transfer-encoding') === 'chunked') return length === undefined ? readChunks(bytes) : 'both a length and chunks'
  if (length === undefined) return 'neither a length nor chunks'
  if (!/^\d+$/.test(length)) return `a length of ${length}`
  const size = Number(length)
  return bytes.length < size ? null : { content: bytes.subarray(0, size), rest: bytes.subarray(size) }
}

function readChunks (bytes: Buffer): { content: Buffer, rest: Buffer } | string | null {
  const chunks: Buffer[] = []
  for (let from = 0; ;) {
    const end = bytes.indexOf('\r\n', from)
    if (end < 0) return null
    const digits = bytes.toString('latin1', from, end)
    if (!/^[\da-f]+$/i.test(digits)) return `a chunk of size ${digits.slice(0, 50)}`
    const size = parseInt(digits, 16)
    const next = end + 2 + size + 2
    if (bytes.length < next) return null
    if (bytes.toString('latin1', next - 2, next) !== '\r\n') return 'a chunk that is longer than its size'
    if (size === 0) return { content: Buffer.concat(chunks), rest: bytes.subarray(next) }
    chunks.push(bytes.subarray(end + 2, end + 2 + size))
    from = next
  }
}

function words (bytes: Buffer): string {
  return `no HTTP: ${JSON.stringify(bytes.toString('latin1', 0, 200))}`
}
