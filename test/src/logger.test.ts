import t from 'tap'
import { createLogger } from '../../src/logger.ts'

t.test('writes one JSON object per line, with words for levels and ISO time', async (t) => {
  const lines: string[] = []
  const logger = createLogger({ level: 'debug', format: 'json' }, { write: (line: string) => { lines.push(line) } })
  logger.debug({ detail: 1 }, 'first')
  logger.error(new Error('broken'))
  t.match(JSON.parse(lines[0] ?? ''), { level: 'debug', time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/, service: 'mcp-dust-server', version: /^\d+\.\d+\.\d+/, detail: 1, msg: 'first' })
  t.match(JSON.parse(lines[1] ?? ''), { level: 'error', err: { message: 'broken', stack: String } })
})

t.test('leaves out what is less important than the level', async (t) => {
  const lines: string[] = []
  const logger = createLogger({ level: 'warn', format: 'json' }, { write: (line: string) => { lines.push(line) } })
  logger.info('no')
  logger.warn('yes')
  t.equal(lines.length, 1)
})

t.test('hides credentials', async (t) => {
  const lines: string[] = []
  const logger = createLogger({ level: 'info', format: 'json' }, { write: (line: string) => { lines.push(line) } })
  logger.info({ apiKey: 'sk-1', dust: { apiKey: 'sk-2' }, req: { headers: { authorization: 'Bearer sk-3', cookie: 'sk-4' } } })
  t.notMatch(lines.join(''), /sk-/)
})
