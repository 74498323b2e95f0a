import t, { type Test } from 'tap'
import { connectAs } from '../../e2e/clients/connect-as.ts'
import { officialDust, valueOf } from '../../fixtures/official-dust.ts'
import { startStranger } from '../../fixtures/stranger.ts'
import { connect, startEmulator, startService } from '../../helper.ts'

const EVERY_BYTE = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 256))
const MEGABYTE = 1024 ** 2

async function start (t: Test, environment: Record<string, string> = {}) {
  const dust = await startEmulator(t)
  const { address, logLines } = await startService(t, { ...dust.environment, ...environment })
  const client = await connectAs(t, 'SDK v1', address)
  return { dust, emulator: dust.emulator.emulator, address, logLines, client, upload: (args: Record<string, unknown>) => client.call('dust_upload_file', args) }
}

t.test('uploads bytes and text, byte for byte', async (t) => {
  const { dust, upload } = await start(t)
  const official = officialDust(dust)
  const files = [
    { args: { name: 'Bild 1 – größer.png', contentType: 'image/png', base64: EVERY_BYTE.toString('base64') }, contentType: 'image/png', bytes: EVERY_BYTE },
    { args: { name: 'übung.csv', contentType: 'Text/CSV; charset=utf-8', text: 'a,b\r\n静か,🚀\r\n' }, contentType: 'text/csv', bytes: Buffer.from('a,b\r\n静か,🚀\r\n') }
  ]
  for (const { args, contentType, bytes } of files) {
    const { structured, text, isError } = await upload(args)
    t.equal(isError, false, text)
    t.match(structured, { name: args.name, contentType, sizeBytes: bytes.length, uri: `dust://files/${String(structured['fileId'])}` })
    t.match(text, String(structured['fileId']))
    const [kept] = dust.emulator.emulator.workspace.files.all().filter(({ sId }) => sId === structured['fileId'])
    t.match(kept, { fileName: args.name, contentType, status: 'ready' })
    const content = valueOf(await official.getFileContent({ fileId: String(structured['fileId']), version: 'original' }))
    t.ok(Buffer.from(await content.arrayBuffer()).equals(bytes), 'as the official client gets it')
  }
})

t.test('what Dust would refuse is refused before anything is sent, with the limits', async (t) => {
  const { emulator, upload } = await start(t, { BODY_LIMIT: '40m' })
  const base64 = (size: number) => Buffer.alloc(size).toString('base64')
  const refused: Array<[Record<string, unknown>, RegExp]> = [
    [{ name: 'a.zip', contentType: 'application/zip', text: 'x' }, /no files of this type\. It takes text, PDF/],
    [{ name: 'a.png', contentType: 'image/png', base64: base64(5 * MEGABYTE + 1) }, /has 5242881 bytes, and Dust takes at most 5242880/],
    [{ name: 'a.mp3', contentType: 'audio/mpeg', base64: base64(25 * MEGABYTE + 1) }, /has 26214401 bytes, and Dust takes at most 26214400/],
    [{ name: 'a.txt', contentType: 'text/plain', text: '' }, /is empty/],
    [{ name: 'a.txt', contentType: 'text/plain' }, /exactly one/],
    [{ name: 'a.txt', contentType: 'text/plain', text: 'x', base64: 'eA==' }, /exactly one/],
    [{ name: 'a.txt', contentType: 'text/plain', base64: 'eA=' }, /base64 is not valid/],
    [{ name: 'a.txt', contentType: 'text/plain', base64: 'e_A=' }, /base64 is not valid/],
    [{ name: 'a.txt\r\nX-Type: html', contentType: 'text/plain', text: 'x' }, /one line, without control characters/],
    [{ name: 'a\u0000.txt', contentType: 'text/plain', text: 'x' }, /one line, without control characters/],
    [{ name: 'a.txt', contentType: 'plain', text: 'x' }, /Invalid arguments.*contentType/]
  ]
  for (const [args, message] of refused) {
    const { isError, text } = await upload(args)
    t.equal(isError, true)
    t.match(text, message)
  }
  t.match(emulator.requests(), { 'files.create': undefined, 'files.upload': undefined })
})

t.test('an upload address that is not Dust gets neither a byte nor the key', async (t) => {
  const { emulator, upload, dust } = await start(t)
  const stranger = await startStranger(t)
  const { host } = new URL(dust.environment['DUST_BASE_URL'] ?? '')
  for (const url of [`${stranger.url}/files/1`, `http://user@${host}/files/1`, `https://${host}/files/1`, '//dust.test/files/1', 'file:///etc/passwd']) {
    emulator.faults.replace([{ kind: 'foreign_url', operation: 'files.create', url }])
    const { isError, text } = await upload({ name: 'a.txt', contentType: 'text/plain', text: 'secret' })
    t.equal(isError, true, url)
    t.match(text, /neither the file nor the key was sent/)
  }
  t.equal(stranger.connections(), 0)
  t.equal(emulator.requests()['files.upload'], undefined)
})

t.test('gives an agent texts, files and nodes to read, in a new conversation and in an old one', async (t) => {
  const { dust, client, upload } = await start(t)
  const { structured: { fileId } } = await upload({ name: 'sales.csv', contentType: 'text/csv', text: 'month,sales\r\n1,7\r\n' })
  const attachments = [
    { title: 'Note', text: 'Bring bread.' },
    { title: 'sales.csv', fileId },
    { title: 'Vacation', nodeId: 'handbook-leave', dataSourceViewId: 'dsv_handbook' }
  ]
  const ask = async (more: object) => client.call('dust_ask_agent', { agent: 'proofreader', message: 'What is it?', attachments, ...more })
  const { structured: { answer, conversationId } } = await ask({})
  t.match(String(answer), /Note has 12 bytes and begins.*Bring bread/)
  t.match(String(answer), /sales\.csv has 18 bytes/)
  t.match(String(answer), /Vacation has \d+ bytes/)
  await ask({ conversationId })

  const { content } = valueOf(await officialDust(dust).getConversation({ conversationId: String(conversationId) }))
  const seen = content.map((versions) => versions.at(-1)).map((message) => message?.type === 'content_fragment' ? message.title : message?.type)
  const each = ['Note', 'sales.csv', 'Vacation', 'user_message', 'agent_message']
  t.same(seen, [...each, ...each], 'as the official client sees it')

  const { structured: { messages } } = await client.call('dust_get_conversation', { conversationId, last: 2 })
  t.match(messages, [
    { from: 'user', attachments: [{ title: 'Note', contentType: 'text/plain' }, { title: 'sales.csv', uri: `dust://files/${String(fileId)}` }, { title: 'Vacation', uri: null }] },
    { from: 'Proofreader', attachments: [] }
  ])
})

t.test('what was attached before an error is said, so that it is not attached twice', async (t) => {
  const { emulator, client } = await start(t)
  const { conversationId } = (await client.call('dust_ask_agent', { agent: 'dust', message: 'Hello?' })).structured
  const ask = async (attachments: object[]) => client.call('dust_ask_agent', { agent: 'proofreader', message: 'What?', conversationId, attachments })
  const note = { title: 'Note', text: 'Bring bread.' }
  const missing = { title: 'Missing', fileId: 'fil_none' }
  t.notMatch((await ask([missing, note])).text, /already/)
  t.match(await ask([note, missing]), { isError: true, text: /File not found\. The first attachment is in the conversation already: leave it out when you ask again\. The same call would fail again/ })
  emulator.faults.replace([{ kind: 'error', operation: 'messages.create', type: 'plan_limit_error' }])
  t.match(await ask([note, note]), { isError: true, text: /The first 2 attachments are in the conversation already: leave them out/ })
  t.match(await ask([]), { isError: false, text: /Note has 12 bytes/ })
})

t.test('sends nothing when an attachment is none', async (t) => {
  const { emulator, client } = await start(t)
  const wrong = [{ title: 'Nothing' }, { title: 'Two', text: 'x', fileId: 'y' }, { title: 'Half', nodeId: 'x' }, { title: 'Half', text: 'x', dataSourceViewId: 'x' }]
  for (const attachment of wrong) {
    t.match(await client.call('dust_ask_agent', { agent: 'proofreader', message: 'What?', attachments: [attachment] }), { isError: true, text: /exactly one of text, fileId/ })
  }
  t.match(await client.call('dust_ask_agent', { agent: 'proofreader', message: 'What?', attachments: [{ title: 'Long', text: 'x'.repeat(512 * 1024 + 1) }] }), { isError: true, text: /upload it as a file/ })
  t.equal(emulator.requests()['conversations.create'], undefined)
})

t.test('reads files for models that can not read resources: a text in pieces, a picture as one', async (t) => {
  const { address, client } = await start(t)
  const sdk = (await connect(t, address)).client
  const read = async (args: Record<string, unknown>) => sdk.callTool({ name: 'dust_read_file', arguments: args })
  const { structured: { files, conversationId } } = await client.call('dust_ask_agent', { agent: 'clerk', message: 'Months?' })
  const uriOf = (title: string) => (files as Array<{ title: string, uri: string }>).find((file) => file.title === title)?.uri ?? ''

  const whole = await client.call('dust_read_file', { uri: uriOf('notes.md') })
  t.equal(whole.text, '# Notes\n\nÜber Months: 静か 🚀\n')
  t.match(whole.structured, { uri: uriOf('notes.md'), contentType: /^text\/markdown/, sizeBytes: Buffer.byteLength(whole.text) })
  const piece = await client.call('dust_read_file', { uri: uriOf('notes.md'), offset: 2, limit: 5 })
  t.equal(piece.text, `Notes\n\n[There is more: offset 7 of ${whole.text.length}]`)
  t.equal(piece.structured['nextOffset'], 7)

  const rocket = whole.text.indexOf('🚀')
  t.match(await client.call('dust_read_file', { uri: uriOf('notes.md'), offset: rocket, limit: 1 }), { text: /^🚀\n/, structured: { nextOffset: rocket + 2 } }, 'no sign is cut in two')

  const original = (await client.readBytes(uriOf('picture.png'))).bytes.toString('base64')
  t.match((await read({ uri: uriOf('picture.png') })).content, [{ type: 'image', mimeType: 'image/png', data: original }])
  const { structured: { uri } } = await client.call('dust_upload_file', { name: 'a.pdf', contentType: 'application/pdf', base64: EVERY_BYTE.toString('base64') })
  t.match((await read({ uri })).content, [{ type: 'resource', resource: { uri, mimeType: 'application/pdf', blob: EVERY_BYTE.toString('base64') } }])

  for (const wrong of ['https://dust.tt', 'dust://files/', 'dust://agents/dust', `dust://conversations/${String(conversationId)}`]) t.match(await client.call('dust_read_file', { uri: wrong }), { isError: true, text: /no uri of a file/ }, wrong)
  for (const missing of ['dust://files/nothing', 'dust://files/..', 'dust://conversations/x/files/../../y']) t.equal((await client.call('dust_read_file', { uri: missing })).isError, true, missing)
})
