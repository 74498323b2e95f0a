import t from 'tap'
import { context, startEmulator } from './caller.ts'

const file = { contentType: 'text/csv', fileName: 'a.csv', fileSize: 4, useCase: 'conversation' }

async function start (t: Parameters<typeof startEmulator>[0], options: object) {
  const started = await startEmulator(t, options)
  return { ...started, announce: () => started.sendJson('POST', '/files', file) }
}

t.test('messages and uploads are limited when they are told to be, each in its own way', async (t) => {
  const { announce, ask, askAgain, sendJson, control, ended } = await start(t, { messagesPerMinute: 2, uploadsPerMinute: 1, limitWindowMs: 3_600_000 })
  const { cId, mId } = await ask('unlucky', 'One')
  await ended(mId)
  await ended((await askAgain(cId, 'dust', 'Two')).mId)
  const limited = { status: 403, body: { error: { type: 'rate_limit_error', message: 'Rate limit exceeded. Please retry later.' } } }
  const message = { content: 'Three', mentions: [{ configurationId: 'dust' }], context }
  t.match(await sendJson('POST', `/assistant/conversations/${cId}/messages`, message), limited)
  t.match(await sendJson('POST', '/assistant/conversations', { message }), limited)
  t.match(await sendJson('POST', `/assistant/conversations/${cId}/messages/${mId}/retry`), limited)
  t.match(await sendJson('POST', '/assistant/conversations', {}), { status: 200 }, 'without a message there is nothing to limit')
  t.match(await announce(), { status: 200 })
  t.match(await announce(), { status: 429, body: { error: { type: 'rate_limit_error' } } })
  t.match(await control('PUT', '/limits', { messagesPerMinute: null }), { body: { messagesPerMinute: null, uploadsPerMinute: 1 } })
  t.match(await sendJson('POST', `/assistant/conversations/${cId}/messages`, message), { status: 200 })
  t.match(await announce(), { status: 429 })
})

t.test('what an agent passes on to another counts as a message', async (t) => {
  const { ask, readUntil, sendJson } = await start(t, { messagesPerMinute: 2 })
  const { path } = await ask('teamlead', 'Deploy')
  await readUntil(path, 'tool_approve_execution')
  const message = { content: 'Again', mentions: [{ configurationId: 'dust' }], context }
  t.match(await sendJson('POST', '/assistant/conversations', { message }), { status: 403 })
})

t.test('a limit is over with its window', async (t) => {
  const { announce } = await start(t, { uploadsPerMinute: 1, limitWindowMs: 1 })
  await announce()
  let { status } = await announce()
  while (status === 429) status = (await announce()).status
  t.equal(status, 200)
})
