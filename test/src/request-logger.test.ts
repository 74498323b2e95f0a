import t from 'tap'
import { createLogger } from '../../src/logger.ts'
import { RequestLogger } from '../../src/request-logger.ts'

function capture (level: string, options: { level?: string } = {}) {
  const lines: string[] = []
  const { logger } = createLogger({ level: 'info', format: 'json', file: null, maxSizeBytes: 1_000_000, maxFiles: 2 }, { write: (line: string) => { lines.push(line) } })
  logger.level = level
  let children = 0
  logger.onChild = () => { children++ }
  const log = new RequestLogger(logger, { reqId: 'r-1' }, options)
  return { log, children: () => children, said: () => lines.map((line): Record<string, unknown> => Object(JSON.parse(line))) }
}

t.test('writes lines as a child logger does, each level as itself', async (t) => {
  const { log, said } = capture('trace')
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) log[level]({ detail: 1 }, 'words')
  log.info('words alone')
  log.silent()
  t.match(said(), [...['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => ({ level, reqId: 'r-1', detail: 1, msg: 'words' })), { level: 'info', reqId: 'r-1', msg: 'words alone' }])
  t.equal(said().length, 7)
})

t.test('no child is made for what isn\'t written', async (t) => {
  const { log, children, said } = capture('info')
  log.debug('no')
  log.trace('no')
  t.equal(children(), 0)
  t.same(said(), [])
  log.info('yes')
  log.warn('yes')
  t.equal(children(), 1)
})

t.test('keeps to the level of its route, and to one that is set', async (t) => {
  const { log, said } = capture('info', { level: 'warn' })
  t.equal(log.level, 'warn')
  log.info('no')
  log.warn('first')
  log.level = 'debug'
  t.ok(log.isLevelEnabled('debug'))
  t.notOk(log.isLevelEnabled('trace'))
  log.debug('second')
  t.same(said().map(({ msg }) => msg), ['first', 'second'])
})

t.test('passes on what it says of itself to its children, also what is said later', async (t) => {
  const { log, said } = capture('info')
  log.setBindings({ user: 'ada' })
  log.child({ part: 'upload' }).info('words')
  t.match(said(), [{ reqId: 'r-1', user: 'ada', part: 'upload', msg: 'words' }])
})
