import t, { type Test } from 'tap'
import { CLIENTS, connectAs } from '../e2e/clients/connect-as.ts'
import { officialDust, valueOf } from '../fixtures/official-dust.ts'
import { startEmulator, startService } from '../helper.ts'

const ADA = 'ada-0123456789abcdef'
const BOB = 'bob-0123456789abcdef'
const withTokens = { AUTH_MODE: 'token', AUTH_TOKENS: `ada:${ADA},bob:${BOB}` }
const NOT_FOUND = { message: /Resource not found/ }

async function start (t: Test, environment: Record<string, string> = {}) {
  const dust = await startEmulator(t)
  const { address } = await startService(t, { ...dust.environment, ...environment })
  return { dust, emulator: dust.emulator.emulator, address }
}

for (const { kind } of CLIENTS) {
  t.test(`${kind} finds agents, reads about them, and has their names completed`, async (t) => {
    const { address } = await start(t)
    const client = await connectAs(t, kind, address)
    t.same((await client.resources()).sort(), ['dust://agents', 'dust://conversations'])
    t.same((await client.templates()).sort(), ['dust://agents/{id}', 'dust://conversations/{id}', 'dust://conversations/{id}/files/{+path}', 'dust://files/{id}'])

    const agents = await client.read('dust://agents')
    t.match(agents, /- \[Researcher\]\(dust:\/\/agents\/researcher\): Searches/)
    t.notMatch(agents, /retired/i, 'who can\'t be asked is not listed')
    t.match(await client.read('dust://agents/researcher'), /^# Researcher\n[^]*Ask it with dust_ask_agent, as "researcher"\.$/)
    await t.rejects(client.read('dust://agents/nobody'), NOT_FOUND)

    t.same(await client.completeUri('dust://agents/{id}', 'id', 'TEAM'), ['teamlead'])
    t.same(await client.complete('ask_agent', 'agent', '@team'), ['Team lead'])
    t.same(await client.complete('ask_agent', 'question', 'Wh'), [])
    t.same(await client.prompts(), ['ask_agent'])
    t.match(await client.prompt('ask_agent', { agent: 'team LEAD', question: 'Who decides?' }), /dust_ask_agent \(agent: "teamlead"\)[^]*Who decides\?$/)
    await t.rejects(client.prompt('ask_agent', { agent: 'teamled', question: 'Who?' }), { message: /Team lead \(id: teamlead\)/ })
  })

  t.test(`${kind} reads its own conversations, and others do not`, async (t) => {
    const { address } = await start(t, withTokens)
    const ada = await connectAs(t, kind, address, { token: ADA })
    const bob = await connectAs(t, kind, address, { token: BOB })
    const { structured: { conversationId } } = await ada.call('dust_ask_agent', { agent: 'clerk', message: 'A secret?' })
    const uri = `dust://conversations/${String(conversationId)}`

    t.match(await ada.read(uri), /## user \(sent\)\nA secret\?[^]*Files: table\.csv \(dust:\/\/files\//)
    t.match(await ada.read('dust://conversations'), `[A secret?](${uri}), with Clerk`)
    for (const typed of ['', String(conversationId).slice(0, 4), 'SECRET', 'clerk']) t.same(await ada.completeUri('dust://conversations/{id}', 'id', typed), [conversationId], typed)

    await t.rejects(bob.read(uri), NOT_FOUND)
    await t.rejects(bob.read(`${uri}/files/conversation/results/notes%201.md`), NOT_FOUND)
    await t.rejects(bob.read('dust://conversations/nothing'), NOT_FOUND, 'as of one that is not there')
    t.match(await bob.read('dust://conversations'), /None so far/)
    t.same(await bob.completeUri('dust://conversations/{id}', 'id', ''), [])
  })

  t.test(`${kind} reads back what an agent made and what was uploaded, byte for byte`, async (t) => {
    const { dust, emulator, address } = await start(t)
    const client = await connectAs(t, kind, address)
    const { structured: { files, conversationId } } = await client.call('dust_ask_agent', { agent: 'clerk', message: 'Months?' })
    const { content } = valueOf(await officialDust(dust).getConversation({ conversationId: String(conversationId) }))
    const made = content.flat().flatMap((message) => message.type === 'agent_message' ? message.actions.flatMap(({ generatedFiles }) => generatedFiles) : []).filter((file) => !('hidden' in file && file.hidden === true))
    const linked = files as Array<{ title: string, contentType: string, uri: string }>
    t.same(linked.map(({ title, contentType }) => ({ title, contentType })), made.map(({ title, contentType }) => ({ title, contentType })), 'as the official client sees them')

    for (const { title, contentType, uri } of linked) {
      const { bytes, mimeType, isText } = await client.readBytes(uri)
      const fileId = made.find((file) => file.title === title)?.fileId ?? null
      const original = fileId === null ? emulator.workspace.files.inFolder(String(conversationId), 'conversation/results/notes 1.md') : emulator.workspace.files.get(fileId)
      t.ok(original !== undefined && bytes.equals(original.bytes), `${title}: ${bytes.length} bytes`)
      // The official client takes the key along to where Dust sends it for a page, and is refused there.
      if (fileId !== null && title !== 'page.html') {
        const content = valueOf(await officialDust(dust).getFileContent({ fileId, version: 'original' }))
        t.ok(bytes.equals(Buffer.from(await content.arrayBuffer())), 'as the official client gets it')
      }
      t.match(mimeType, contentType)
      t.equal(isText, contentType.startsWith('text/'), title)
    }

    for (const bytes of [Buffer.from('\uFEFFa\r\n静か'), Buffer.from([0x61, 0xff, 0x00])]) {
      const { structured: { uri } } = await client.call('dust_upload_file', { name: 'a.txt', contentType: 'text/plain', base64: bytes.toString('base64') })
      t.ok((await client.readBytes(String(uri))).bytes.equals(bytes), 'whatever its type says')
    }
  })
}

t.test('a file that is too large is refused with a reason, one that is not there is not found', async (t) => {
  const { address, dust } = await start(t)
  const client = await connectAs(t, 'SDK v1', address)
  const large = new File([Buffer.alloc(10 * 1024 ** 2 + 1, 'x')], 'large.txt')
  const { sId } = valueOf(await officialDust(dust).uploadFile({ contentType: 'text/plain', fileName: large.name, fileSize: large.size, useCase: 'conversation', fileObject: large }))
  await t.rejects(client.read(`dust://files/${sId}`), { code: -32000, message: /larger than the 10485760 bytes that are read of one\. It has 10485761\. Open it in Dust/ })
  await t.rejects(client.read('dust://files/nothing'), NOT_FOUND)
  for (const path of ['dust://files/..', 'dust://files/..%2F..', 'dust://conversations/../files/x', 'dust://conversations/x/files/../../y']) await t.rejects(client.read(path), path)
  t.equal(dust.emulator.emulator.requests()['conversations.list'], undefined, 'nobody walks to another address')
})

t.test('tells why when Dust can not be reached, which is no fault of the server', async (t) => {
  const { address, dust } = await start(t)
  const client = await connectAs(t, 'SDK v1', address)
  dust.emulator.emulator.faults.replace([{ kind: 'error', operation: 'agents.list', times: 'always', type: 'internal_server_error' }])
  await t.rejects(client.read('dust://agents'), { code: -32000, message: /may succeed later/ })
  const metrics = await (await fetch(`${address}/metrics`)).text()
  t.match(metrics, /operation_duration_seconds_count\{[^}]*mcp_method_name="resources\/read"[^}]*error_type="-32000"[^}]*\} 1/)
})

t.test('offers nothing to read of an area that is switched off', async (t) => {
  const { address } = await start(t, { DUST_TOOLS: 'knowledge' })
  const client = await connectAs(t, 'SDK v1', address)
  t.same(await client.resources(), [])
  t.same(await client.templates(), [])
  t.same(await client.prompts(), [])
})
