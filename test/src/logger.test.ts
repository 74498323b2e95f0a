import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import type { Config } from '../../src/config.ts'
import { createLogger } from '../../src/logger.ts'

const settings: Config['logs'] = { level: 'trace', format: 'json', file: null, maxSizeBytes: 1_000_000, maxFiles: 2 }

function capture (changes: Partial<Config['logs']> = {}) {
  const lines: string[] = []
  const logging = createLogger({ ...settings, ...changes }, { write: (line: string) => { lines.push(line) } })
  return { ...logging, lines }
}

t.test('writes one JSON object per line, with words for levels and ISO time', async (t) => {
  const { logger, lines } = capture({ level: 'debug' })
  logger.debug({ detail: 1 }, 'first')
  logger.error(new Error('broken'))
  t.match(JSON.parse(lines[0] ?? ''), { level: 'debug', time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/, service: 'mcp-dust-server', version: /^\d+\.\d+\.\d+/, detail: 1, msg: 'first' })
  t.match(JSON.parse(lines[1] ?? ''), { level: 'error', err: { message: 'broken', stack: String } })
})

t.test('leaves out what is less important than the level', async (t) => {
  const { logger, lines, lineCounts } = capture({ level: 'warn' })
  logger.info('no')
  logger.warn('yes')
  t.equal(lines.length, 1)
  t.same(lineCounts, { trace: 0, debug: 0, info: 0, warn: 1, error: 0, fatal: 0 })
})

t.test('counts the lines of every level, also those of children', async (t) => {
  const { logger, lineCounts } = capture()
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) logger[level]('words')
  logger.child({ reqId: '1' }, { level: 'error' }).error('of a child')
  logger.child({ reqId: '2' }, { level: 'error' }).warn('below the level of a child')
  t.same(lineCounts, { trace: 1, debug: 1, info: 1, warn: 1, error: 2, fatal: 1 })
})

t.test('writes the same lines to the file and to stdout, at every level', async (t) => {
  const file = path.join(t.testdir(), 'server.log')
  const { logger, lines } = capture({ file })
  logger.trace('least')
  logger.child({ reqId: '1' }).fatal('most')
  t.equal(lines.length, 2)
  t.equal(readFileSync(file, 'utf8'), lines.join(''))
})

t.test('a silent logger writes nothing', async (t) => {
  const { logger, lines } = capture({ level: 'silent' })
  logger.fatal('nothing')
  t.same(lines, [])
})

t.test('hides credentials', async (t) => {
  const { logger, lines } = capture()
  logger.info({ apiKey: 'sk-1', dust: { apiKey: 'sk-2' }, req: { method: 'GET', url: '/x?key=sk-3', headers: { authorization: 'Bearer sk-4', cookie: 'sk-5' } } })
  logger.info({ headers: { authorization: 'Bearer sk-6' }, authorization: 'Bearer sk-7' })
  t.equal(lines.length, 2)
  t.notMatch(lines.join(''), /sk-/)
  t.match(JSON.parse(lines[0] ?? ''), { req: { method: 'GET', url: '/x' } })
})

t.test('of an error it tells what it is and where it comes from, and not what hangs on it', async (t) => {
  const { logger, lines } = capture()
  const cause = Object.assign(new TypeError('deeper'), { code: 'E_DEEP', body: 'sk-1' })
  logger.error({ err: Object.assign(new Error('broken', { cause }), { code: 'E_BROKEN', statusCode: 502, rawPacket: Buffer.from('sk-2'), headers: 'sk-3' }) }, 'failed')
  t.match(JSON.parse(lines[0] ?? ''), {
    msg: 'failed',
    err: { type: 'Error', code: 'E_BROKEN', statusCode: 502, message: 'broken', stack: /logger\.test\.ts/, cause: { type: 'TypeError', code: 'E_DEEP', message: 'deeper' } }
  })
  t.notMatch(lines[0], /sk-|rawPacket|"body"|"data"/)
})

t.test('does not repeat what JSON.parse quotes', async (t) => {
  const { logger, lines } = capture()
  for (const text of ['a secret', '{"key": a "very" secret text that goes on and on and on}', 'secret "']) {
    try {
      JSON.parse(text)
    } catch (err) {
      t.match(err, { message: /secret|very/ })
      logger.error({ err }, 'failed')
    }
  }
  t.equal(lines.length, 3)
  t.match(lines.join(''), /Unexpected token 'a', \(redacted\) is not valid JSON/)
  t.notMatch(lines.join(''), /secret|very/)
})

t.test('something thrown that is no error is told by its type only', async (t) => {
  const { logger, lines } = capture()
  logger.error({ err: 'sk-1' }, 'failed')
  t.match(JSON.parse(lines[0] ?? ''), { err: { type: 'string' } })
  t.notMatch(lines[0], /sk-/)
})

t.test('a file that can not be written is an error at once', async (t) => {
  t.throws(() => capture({ file: '/dev/null/server.log' }), { code: 'LOG_FILE_UNWRITABLE', message: /\/dev\/null\/server\.log.*ENOTDIR/ })
})
