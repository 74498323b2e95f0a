import t from 'tap'
import { headers, startEmulator } from './caller.ts'

interface FileBody { file: { sId: string, status: string, uploadUrl: string, downloadUrl: string } }

const file = { contentType: 'text/csv', fileName: 'a.csv', fileSize: 4, useCase: 'conversation' }
const authorization = { authorization: headers.authorization }

async function start (t: Parameters<typeof startEmulator>[0], options = {}) {
  const started = await startEmulator(t, options)
  const announce = (changes: object = {}) => started.sendJson<FileBody>('POST', '/files', { ...file, ...changes })
  const upload = async (url: string, content: string, field = 'file') => {
    const form = new FormData()
    form.append(field, new File([content], 'a.csv', { type: 'text/csv' }))
    const response = await fetch(url, { method: 'POST', headers: authorization, body: form })
    const body: unknown = await response.json()
    return { status: response.status, body }
  }
  return { ...started, announce, upload }
}

t.test('a file is announced, uploaded once, and then ready', async (t) => {
  const { announce, upload, sendJson, send, url } = await start(t)
  const { body } = await announce()
  t.match(body.file, { status: 'created', fileName: 'a.csv', fileSize: 4, useCase: 'conversation', uploadUrl: `${url}/api/v1/w/demo/files/${body.file.sId}` })
  const path = `/files/${body.file.sId}?action=view`
  t.match(await sendJson('GET', path), { status: 404, body: { error: { type: 'file_not_found' } } })
  t.match(await upload(body.file.uploadUrl, 'a,b\n'), { status: 200, body: { file: { status: 'ready' } } })
  t.match(await upload(body.file.uploadUrl, 'a,b\n'), { status: 400, body: { error: { type: 'invalid_request_error' } } })
  const read = await send('GET', path)
  t.equal(read.headers.get('content-type'), 'text/csv')
  t.equal(await read.text(), 'a,b\n')
})

t.test('a file that does not fit is refused, with its reason', async (t) => {
  const { announce, upload } = await start(t)
  t.match(await announce({ contentType: 'application/zip' }), { status: 400, body: { error: { type: 'file_type_not_supported' } } })
  t.match(await announce({ contentType: 'image/png', fileSize: 5 * 1024 * 1024 + 1 }), { status: 400, body: { error: { type: 'file_too_large' } } })
  t.match(await announce({ useCase: 'upsert_table' }), { status: 400, body: { error: { type: 'invalid_request_error' } } })
  t.match(await announce({ useCase: 'avatar' }), { status: 400 })
  t.match(await announce({ useCaseMetadata: '{"conversationId":"x"}' }), { status: 400 })
  t.match(await announce({ fileName: 'x'.repeat(4097) }), { status: 400 })
  const { body } = await announce()
  t.match(await upload(body.file.uploadUrl, 'more than announced'), { status: 400, body: { error: { type: 'file_too_large' } } })
  t.match(await upload(body.file.uploadUrl, ''), { status: 400, body: { error: { type: 'file_is_empty' } } })
  t.match(await upload(body.file.uploadUrl, 'a,b\n', 'document'), { status: 400, body: { error: { type: 'invalid_request_error' } } })
  t.match(await upload(`${body.file.uploadUrl}x`, 'a,b\n'), { status: 404, body: { error: { type: 'file_not_found' } } })
})

t.test('a download leads to the storage, which wants no key', async (t) => {
  const { announce, upload, url } = await start(t)
  const { body } = await announce()
  await upload(body.file.uploadUrl, 'a,b\n')
  const response = await fetch(body.file.downloadUrl, { headers: authorization, redirect: 'manual' })
  const location = response.headers.get('location') ?? ''
  t.equal(response.status, 302)
  t.equal((await fetch(location, { headers: authorization })).status, 400)
  t.equal((await fetch(`${url}/_emulator/storage/nothing`)).status, 403)
  t.equal(await (await fetch(location)).text(), 'a,b\n')
})

t.test('what a browser could run is never shown', async (t) => {
  const { announce, upload } = await start(t)
  const { body } = await announce({ contentType: 'text/html' })
  await upload(body.file.uploadUrl, '<p>x')
  const response = await fetch(`${body.file.uploadUrl}?action=view`, { headers: authorization, redirect: 'manual' })
  t.equal(response.status, 302)
})

t.test('a file of a conversation is there as long as the conversation is', async (t) => {
  const { announce, upload, ask } = await start(t)
  const { cId } = await ask('dust', 'Hello?')
  const within = await announce({ useCaseMetadata: { conversationId: cId } })
  t.match(await upload(within.body.file.uploadUrl, 'a,b\n'), { status: 200 })
  const without = await announce({ useCaseMetadata: { conversationId: 'nowhere' } })
  t.match(await upload(without.body.file.uploadUrl, 'a,b\n'), { status: 404 })
})

t.test('the folder of a conversation is read by path, and not left', async (t) => {
  const { ask, ended, send, sendJson } = await start(t)
  const { cId, mId } = await ask('clerk', 'Sales')
  await ended(mId)
  const folder = `/assistant/conversations/${cId}/files`
  const read = await send('GET', `${folder}/conversation/results/notes%201.md`)
  t.equal(read.headers.get('content-type'), 'text/markdown')
  t.match(await read.text(), /^# Notes\n/)
  t.match(await sendJson('GET', `${folder}/notes.md`), { status: 400, body: { error: { type: 'invalid_request_error' } } })
  t.match(await sendJson('GET', `${folder}/${encodeURIComponent('conversation/../../secret')}`), { status: 403, body: { error: { type: 'workspace_auth_error' } } })
  t.match(await sendJson('GET', `${folder}/conversation/nothing`), { status: 404, body: { error: { type: 'file_not_found' } } })
})

t.test('an address can be replaced by a fault, as often as it is told', async (t) => {
  const { announce, fault, url } = await start(t)
  await fault({ kind: 'foreign_url', operation: 'files.create', url: 'https://evil.test/x' })
  t.equal((await announce()).body.file.uploadUrl, 'https://evil.test/x')
  t.match((await announce()).body.file.uploadUrl, url)
})
