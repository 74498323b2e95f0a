import t, { type Test } from 'tap'
import { generatedFiles, type Attachment, type DustClient, type NewFile } from '../../../src/dust/client.ts'
import { uploadTarget } from '../../../src/dust/redirect.ts'
import { startStranger } from '../../fixtures/stranger.ts'
import { collectEvents, startEmulator } from './emulated-dust.ts'
import { apiKey as secret, connect, fail, json, startDust, text } from './scripted-dust.ts'

const apiKey = 'sk-demo'
const everyByte = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 256))
const picture: NewFile = { fileName: 'Bild 1 – größer.png', contentType: 'image/png', bytes: everyByte }

async function start (t: Test) {
  const dust = await startEmulator(t)
  return { ...dust, client: connect(t, dust.baseUrl, { apiKey }) }
}

/** Asks, and gives the final message. */
async function ask (client: DustClient, agentId: string, attachments: Attachment[], conversationId?: string) {
  const run = await client.startRun({ agentId, content: 'What is it?', attachments, ...(conversationId !== undefined && { conversationId }) })
  const events = await collectEvents(client.messageEvents(run))
  const last = events.at(-1)?.event
  if (last?.type !== 'run_completed') throw new Error('The run did not end.')
  return { run, message: last.message }
}

t.test('a file is uploaded and read back byte for byte', async (t) => {
  const { client, emulator } = await start(t)
  const uploaded = await client.uploadFile(picture)
  t.match(uploaded, { fileName: picture.fileName, contentType: 'image/png', fileSize: everyByte.length, status: 'ready' })
  t.ok(emulator.workspace.files.get(uploaded.sId)?.bytes.equals(everyByte))
  const read = await client.readFile({ fileId: uploaded.sId })
  t.equal(read.contentType, 'image/png')
  t.ok(read.bytes.equals(everyByte))
})

t.test('an upload tells its type without parameters, its size, and its conversation', async (t) => {
  const { client, emulator } = await start(t)
  const { conversationId } = await client.startRun({ agentId: 'dust', content: 'Hello' })
  const { sId } = await client.uploadFile({ fileName: 'a.csv', contentType: 'Text/CSV; charset=utf-8', bytes: Buffer.from('a,b\r\n'), conversationId })
  t.match(emulator.workspace.files.get(sId), { contentType: 'text/csv', fileSize: 5, conversationId, useCase: 'conversation', status: 'ready' })
})

t.test('what Dust would refuse is refused before anything is sent', async (t) => {
  const { client, emulator } = await start(t)
  const bytes = Buffer.from('x')
  const refused: Array<[NewFile, string]> = [
    [{ fileName: 'a.zip', contentType: 'application/zip', bytes }, 'file_type_not_supported'],
    [{ fileName: 'a', contentType: 'text/', bytes }, 'file_type_not_supported'],
    [{ fileName: 'a.txt', contentType: 'text/plain', bytes: Buffer.alloc(0) }, 'file_is_empty'],
    [{ fileName: '', contentType: 'text/plain', bytes }, 'invalid_request_error'],
    [{ fileName: 'a.png', contentType: 'image/png', bytes: Buffer.alloc(5 * 1024 * 1024 + 1) }, 'file_too_large'],
    [{ fileName: 'a.mp3', contentType: 'audio/mpeg', bytes: Buffer.alloc(25 * 1024 * 1024 + 1) }, 'file_too_large'],
    [{ fileName: 'a.txt', contentType: 'text/plain', bytes: Buffer.alloc(50 * 1024 * 1024 + 1) }, 'file_too_large']
  ]
  for (const [file, type] of refused) {
    await t.rejects(client.uploadFile(file), { name: 'DustError', operation: 'create_upload', kind: 'bad_request', type, status: 0, wasSent: false }, type)
  }
  t.strictSame(emulator.requests(), {})
})

t.test('an upload address that is not Dust gets neither the file nor the key', async (t) => {
  const { client, emulator, baseUrl } = await start(t)
  const stranger = await startStranger(t)
  const { host } = new URL(baseUrl)
  for (const url of [`${stranger.url}/files/1`, `http://user@${host}/files/1`, `http://:word@${host}/files/1`, `https://${host}/files/1`, '/files/1', '//dust.test/files/1', 'file:///etc/passwd', '']) {
    emulator.faults.replace([{ kind: 'foreign_url', operation: 'files.create', url }])
    await t.rejects(client.uploadFile(picture), { name: 'DustError', operation: 'upload_file', kind: 'invalid_response', retryable: false, message: /neither the file nor the key was sent/ }, url)
  }
  t.equal(stranger.connections(), 0)
  t.equal(emulator.requests()['files.upload'], undefined)
})

t.test('an upload address without encryption is refused when Dust is asked with it', (t) => {
  t.equal(uploadTarget('https://dust.tt/api/v1/w/demo/files/1?a=b', 'https://dust.tt').href, 'https://dust.tt/api/v1/w/demo/files/1?a=b')
  for (const url of ['http://dust.tt/api/v1/w/demo/files/1', 'https://dust.tt:444/x', 'https://dust.tt.evil.test/x', 'https://dust.tt@evil.test/x']) {
    t.throws(() => uploadTarget(url, 'https://dust.tt'), { name: 'DustError', kind: 'invalid_response' }, url)
  }
  t.end()
})

t.test('an upload is a form with one file, with the key', async (t) => {
  const dust = await startDust(t, (call) => {
    json(call, 200, { file: { sId: 'fil_1', uploadUrl: `${dust.baseUrl}/api/v1/w/demo/files/fil_1?token=1`, status: 'ready' } })
  })
  t.match(await connect(t, dust.baseUrl).uploadFile({ fileName: 'a.txt', contentType: 'text/plain', bytes: Buffer.from('Hello') }), { sId: 'fil_1', fileSize: 5 })
  t.strictSame(JSON.parse(dust.calls[0]?.body ?? ''), { contentType: 'text/plain', fileName: 'a.txt', fileSize: 5, useCase: 'conversation' })
  t.match(dust.calls[1], { method: 'POST', path: '/files/fil_1', headers: { authorization: 'Bearer sk-secret0123456789', 'content-type': /^multipart\/form-data; boundary=/ } })
  t.match(dust.calls[1]?.body, /name="file"; filename="a.txt"\r\nContent-Type: text\/plain\r\n\r\nHello\r\n/)
})

t.test('an upload that may have arrived is not repeated; beginning again is safe', async (t) => {
  const { client, emulator } = await start(t)
  emulator.faults.replace([{ kind: 'reset', operation: 'files.create', when: 'after' }, { kind: 'reset', operation: 'files.upload', when: 'after' }])
  await t.rejects(client.uploadFile(picture), { name: 'DustError', operation: 'upload_file', kind: 'network', retryable: true })
  t.match(emulator.requests(), { 'files.create': 2, 'files.upload': 1 })
  t.match(await client.uploadFile(picture), { status: 'ready' })
})

t.test('a file that Dust could not read is an error', async (t) => {
  const dust = await startDust(t, (call) => { json(call, 200, { file: { sId: 'f', uploadUrl: `${dust.baseUrl}/up`, status: 'failed' } }) })
  await t.rejects(connect(t, dust.baseUrl).uploadFile(picture), { name: 'DustError', kind: 'bad_request', message: /could not read it/ })
})

t.test("Dust's own reasons against a file say what to do", async (t) => {
  for (const [type, advice] of [['file_type_not_supported', /PDF/], ['file_too_large', /5 MB/], ['file_is_empty', /empty/], ['file_not_found', /check its id/]] as const) {
    const dust = await startDust(t, (call) => { fail(call, type === 'file_not_found' ? 404 : 400, type, picture.fileName) })
    await t.rejects(connect(t, dust.baseUrl).uploadFile(picture), { name: 'DustError', type, message: advice })
  }
})

t.test('an agent reads what is attached: a text, a file', async (t) => {
  const { client } = await start(t)
  const { sId } = await client.uploadFile({ fileName: 'plan.md', contentType: 'text/markdown', bytes: Buffer.from('# Plan\n') })
  const attachments: Attachment[] = [{ title: 'minutes', content: 'We met.', contentType: 'text/plain', url: 'https://example.com/minutes' }, { title: 'plan.md', fileId: sId }]
  const answer = /minutes has 7 bytes and begins "We met\."; plan\.md has 7 bytes and begins "# Plan"/
  const { run, message } = await ask(client, 'proofreader', attachments)
  t.match(message.content, answer, 'in a new conversation')
  const { conversationId } = await client.startRun({ agentId: 'dust', content: 'Hello' }).then(async (run) => {
    await collectEvents(client.messageEvents(run))
    return run
  })
  t.match((await ask(client, 'proofreader', attachments, conversationId)).message.content, answer, 'in an existing one')
  const { content } = await client.getConversation(run.conversationId)
  t.match(content.flat().filter(({ type }) => type === 'content_fragment'), [{ title: 'minutes', contentFragmentType: 'file', expiredReason: null }, { title: 'plan.md', fileId: sId }])
})

t.test('an attachment for the next message can be posted alone, and once', async (t) => {
  const { client, emulator } = await start(t)
  const { run } = await ask(client, 'dust', [])
  const attached = await client.attach(run.conversationId, { title: 'minutes', content: 'We met.', contentType: 'text/plain' })
  t.match(attached, { type: 'content_fragment', title: 'minutes', contentType: 'text/plain' })
  t.equal((await client.readFile({ fileId: attached.fileId ?? '' })).bytes.toString(), 'We met.')
  emulator.faults.replace([{ kind: 'reset', operation: 'content_fragments.create', when: 'after' }])
  await t.rejects(client.attach(run.conversationId, { title: 'again', content: 'x', contentType: 'text/plain' }), { name: 'DustError', kind: 'network', retryable: false })
  t.equal(emulator.requests()['content_fragments.create'], 2)
})

t.test('a text that is too large to attach is refused before anything is sent', async (t) => {
  const { client, emulator } = await start(t)
  const attachment = { title: 'x', content: 'ö'.repeat(256 * 1024 + 1), contentType: 'text/plain' }
  const refusal = { name: 'DustError', operation: 'attach_content', type: 'content_too_large', wasSent: false }
  await t.rejects(client.attach('c1', attachment), refusal)
  await t.rejects(client.startRun({ agentId: 'dust', content: 'Hello', attachments: [attachment] }), refusal)
  t.strictSame(emulator.requests(), {})
})

t.test('the files that an agent made are read byte for byte, whichever way Dust keeps them', async (t) => {
  const { client, emulator } = await start(t)
  const { run, message } = await ask(client, 'clerk', [])
  const files = generatedFiles(message, run.conversationId)
  t.strictSame(files.map(({ title }) => title), ['table.csv', 'picture.png', 'page.html', 'notes.md'], 'the hidden one is left out')
  t.match(files, [{ snippet: /^month/ }, { snippet: null }, {}, { source: { conversationId: run.conversationId, filePath: 'conversation/results/notes 1.md' } }])
  for (const { source, title, contentType } of files) {
    const kept = 'fileId' in source ? emulator.workspace.files.get(source.fileId) : emulator.workspace.files.inFolder(source.conversationId, source.filePath)
    const read = await client.readFile(source)
    t.equal(read.contentType, contentType, title)
    t.ok(kept !== undefined && kept.bytes.length > 0 && read.bytes.equals(kept.bytes), title)
  }
})

t.test('a file is read whole or not at all', async (t) => {
  const { client, emulator } = await start(t)
  const { sId } = await client.uploadFile(picture)
  t.equal((await client.readFile({ fileId: sId }, { maxBytes: everyByte.length })).bytes.length, everyByte.length)
  await t.rejects(client.readFile({ fileId: sId }, { maxBytes: everyByte.length - 1 }), { name: 'DustError', kind: 'bad_request', type: 'file_too_large', message: /99999 bytes.*It has 100000/ })
  const endless = await startDust(t, ({ reply }) => {
    reply.writeHead(200, { 'content-type': 'text/plain' })
    const write = () => { if (!reply.destroyed) reply.write(Buffer.alloc(10_000), write) }
    write()
  })
  await t.rejects(connect(t, endless.baseUrl).readFile({ fileId: 'f' }, { maxBytes: 50_000 }), { name: 'DustError', type: 'file_too_large', message: /larger than the 50000 bytes/ })
  emulator.faults.replace([{ kind: 'reset', operation: 'files.read', when: 'mid_answer' }])
  t.ok((await client.readFile({ fileId: sId })).bytes.equals(everyByte), 'a file that was cut is read again')
})

t.test('the key goes neither to the storage nor to a stranger', async (t) => {
  const { client, emulator } = await start(t)
  const stranger = await startStranger(t)
  const { sId } = await client.uploadFile({ fileName: 'page.html', contentType: 'text/html', bytes: Buffer.from('<p>') })
  t.equal((await client.readFile({ fileId: sId })).bytes.toString(), '<p>', 'the storage refuses whoever brings a key')
  for (const url of [`${stranger.url}/x`, 'http://169.254.169.254/latest', 'file:///etc/passwd', 'http://storage.googleapis.com/x', 'https://storage.googleapis.com.evil.test/x']) {
    emulator.faults.replace([{ kind: 'foreign_url', operation: 'files.read', url }])
    await t.rejects(client.readFile({ fileId: sId }), { name: 'DustError', operation: 'read_file', kind: 'invalid_response', message: /which is not followed/ }, url)
  }
  t.equal(stranger.connections(), 0)
  const circle = await startDust(t, ({ reply }) => { reply.writeHead(302, { location: '/again' }).end() })
  await t.rejects(connect(t, circle.baseUrl).readFile({ fileId: 'f' }), { name: 'DustError', message: /more than once/ })
  const watched = connect(t, circle.baseUrl).watchedBy(() => ({ headers: { 'x-companion': 'ada' }, end: () => {} }))
  await t.rejects(watched.readFile({ fileId: 'f' }))
  t.match(circle.calls.slice(2).map(({ headers }) => headers), [{ authorization: `Bearer ${secret}`, 'x-companion': 'ada' }, { authorization: undefined, 'x-companion': undefined }], 'nor does what goes along with it')
})

t.test('a path stays in the folder of its conversation, and what is not there is not found', async (t) => {
  const { client } = await start(t)
  const { run } = await ask(client, 'clerk', [])
  const { conversationId } = run
  await t.rejects(client.readFile({ conversationId, filePath: 'conversation/../../secret' }), { name: 'DustError', kind: 'bad_request', wasSent: false })
  await t.rejects(client.readFile({ conversationId, filePath: 'conversation/nothing.md' }), { name: 'DustError', kind: 'not_found', type: 'file_not_found' })
  await t.rejects(client.readFile({ conversationId, filePath: 'project/notes.md' }), { name: 'DustError', kind: 'bad_request', type: 'invalid_request_error' })
  await t.rejects(client.readFile({ conversationId: 'nowhere', filePath: 'conversation/notes.md' }), { name: 'DustError', type: 'conversation_not_found' })
  await t.rejects(client.readFile({ fileId: 'nothing' }), { name: 'DustError', type: 'file_not_found' })
})

t.test('an abort ends an upload and a download', async (t) => {
  const controller = new AbortController()
  const dust = await startDust(t, ({ reply }) => {
    reply.writeHead(200, { 'content-type': 'text/plain' }).write('x')
    setImmediate(() => { controller.abort() })
  })
  await t.rejects(connect(t, dust.baseUrl).readFile({ fileId: 'f' }, { signal: controller.signal }), { name: 'DustError', kind: 'cancelled' })
  await t.rejects(connect(t, dust.baseUrl).uploadFile(picture, controller.signal), { name: 'DustError', kind: 'cancelled' })
  await t.rejects(connect(t, dust.baseUrl).attach('c1', { title: 'a', fileId: 'f' }, controller.signal), { name: 'DustError', kind: 'cancelled' })
})

t.test('an answer without end is given up', async (t) => {
  const dust = await startDust(t, (call) => { text(call, 200, 'application/json', `{"agentConfiguration": "${'x'.repeat(64 * 1024 * 1024)}"}`) })
  await t.rejects(connect(t, dust.baseUrl, { timing: { requestTimeoutMs: 60_000 } }).getAgent('a1'), { name: 'DustError', kind: 'invalid_response', message: /larger than/ })
})
