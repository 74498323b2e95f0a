import t from 'tap'
import { createRandom } from '../../src/emulator/random.ts'
import { createCaller } from './caller.ts'
import { runDust } from './dust-run.ts'
import { spoil } from './hostile-answers.ts'
import { readAnswers } from './http-answers.ts'
import { isFlat } from './memory.ts'
import { createRaw } from './raw-cases.ts'
import { createRequest } from './request-cases.ts'
import { runRequests } from './request-run.ts'

const REQUESTS = 200
const ANSWERS = 80

for (const mode of ['none', 'token'] as const) {
  t.test(`${REQUESTS} hostile requests with AUTH_MODE=${mode}: each is answered right, and a normal client beside them, too`, async (t) => {
    const { findings, kinds, statuses, bystander } = await runRequests(mode, 1, REQUESTS, () => {})
    t.same(findings, [])
    // Else it would show little.
    for (const kind of ['raw', 'routing', 'tool', 'task', 'resume', 'stranger']) t.ok((kinds[kind] ?? 0) > REQUESTS / 100, `${kinds[kind]} of kind ${kind}`)
    for (const status of mode === 'token' ? [200, 202, 400, 401, 403, 404] : [200, 202, 400, 403, 404]) t.ok((statuses[status] ?? 0) > 2, `${statuses[status]} times status ${status}`)
    t.ok(bystander.calls > 0)
  })
}

t.test(`${ANSWERS} hostile answers of Dust: each call ends with a clear word, and the next one is right`, async (t) => {
  const { findings, counts, outcomes } = await runDust(1, ANSWERS, () => {}, 20)
  t.same(findings, [])
  t.ok(counts.answers > 0 && counts.events > 0, `${counts.answers} answers, ${counts.events} events`)
  t.ok(outcomes.answered > 0 && outcomes.toolErrors > 0, `${outcomes.answered} answered, ${outcomes.toolErrors} not`)
})

t.test('a case is the same each time', (t) => {
  const caller = createCaller('ada', null)
  const entry = { host: 'localhost', headers: {} }
  const answer = { status: 200, headers: {}, body: Buffer.from('{"a":[1,2,{"b":"c"}]}'), drip: null, end: { kind: 'whole' } } as const
  const addresses = { stranger: 'http://127.0.0.1:1', own: 'http://127.0.0.1:2' }
  for (let number = 0; number < 50; number++) {
    t.same(createRequest(7, number, [caller]), createRequest(7, number, [caller]))
    t.same(createRaw(7, number, entry), createRaw(7, number, entry))
    t.same(spoil(createRandom(7, number), answer, addresses), spoil(createRandom(7, number), answer, addresses))
  }
  t.notSame(createRequest(7, 1, [caller]), createRequest(8, 1, [caller]))
  t.end()
})

t.test('what is no HTTP, or not flat, is told', (t) => {
  const good = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  t.match(readAnswers(Buffer.from(good + good)), { fault: null, isPartial: false, answers: [{ status: 200 }, { status: 200 }] })
  t.match(readAnswers(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n')), { fault: null, isPartial: false, answers: [{ body: Buffer.from('ok') }] })
  t.match(readAnswers(Buffer.from(good.slice(0, -1))), { fault: null, isPartial: true, answers: [] })
  for (const bad of [good.replace('1.1', '1.0'), good.replace('200', '999'), good.replace('th: 2', 'th: -2'), good.replace('\r\n', '\n'), good + 'more of it', good.replace('Content-Length: 2', 'a: b'), good.replace('Content', '\u0000ontent')]) {
    t.ok(readAnswers(Buffer.from(bad)).fault !== null || readAnswers(Buffer.from(bad)).isPartial, JSON.stringify(bad))
  }
  t.ok(isFlat([200, 250, 260, 250, 270, 260, 265, 262].map((mib) => mib * 1024 * 1024)))
  t.notOk(isFlat([200, 250, 300, 350, 400, 450, 500, 550].map((mib) => mib * 1024 * 1024)))
  t.end()
})
