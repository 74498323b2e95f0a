import t from 'tap'
import { createRandom } from '../../src/emulator/random.ts'
import { post, until } from '../helper.ts'
import { attemptsAt, unknownLike, type Attempt } from './attempts.ts'
import { setScene } from './belongings.ts'

const ATTEMPTS = 200

/** What a caller sees of an answer, with the same word for whatever was reached for. */
async function seen (response: Response, target: string): Promise<unknown> {
  const headers = Object.fromEntries([...response.headers].filter(([name]) => !['date', 'x-request-id', 'content-length', 'mcp-session-id'].includes(name)))
  return { status: response.status, headers, body: (await response.text()).replaceAll(target, '...').replaceAll(encodeURIComponent(target), '...') }
}

t.test('what is one caller\'s doesn\'t exist for another, who can\'t tell it from what nobody has', async (t) => {
  const scene = await setScene(t)
  const random = createRandom('strangers', 1)
  const attempts = attemptsAt(scene) as [Attempt, ...Attempt[]]
  const before = JSON.stringify([...scene.dust.workspace.rooms.values()].map((room) => room.current()))
  const tried = new Map<string, number>()
  for (let number = 0; number < ATTEMPTS; number++) {
    const { name, target, send } = attempts[number % attempts.length] ?? attempts[0]
    const theirs = scene.belongings[target]
    const nobodys = unknownLike(random, theirs)
    // In either order, so that none is always the first.
    const [first, second] = random.chance(0.5) ? [theirs, nobodys] : [nobodys, theirs]
    const answers = { [first]: await seen(await send(first), first), [second]: await seen(await send(second), second) }
    t.same(answers[theirs], answers[nobodys], `${name}, ${number}`)
    tried.set(name, (tried.get(name) ?? 0) + 1)
  }
  t.equal(JSON.stringify([...scene.dust.workspace.rooms.values()].map((room) => room.current())), before, 'nothing has happened in the workspace')
  t.equal(tried.size, attempts.length)

  scene.dust.faults.replace([{ kind: 'text', status: 500, times: 'always' }])
  for (const { name, target, send } of attempts) {
    const [theirs, nobodys] = [scene.belongings[target], unknownLike(random, scene.belongings[target])]
    t.same(await seen(await send(theirs), theirs), await seen(await send(nobodys), nobodys), `${name}, without Dust`)
  }
  scene.dust.faults.clear()

  const [call] = scene.calls
  t.equal(call?.isEnded, false, 'Ada is still waiting')
  await post(scene.address, { jsonrpc: '2.0', id: scene.belongings.question, result: { action: 'accept', content: { decision: 'approve' } } }, scene.headers.ada)
  await until(() => call?.isEnded === true)
  t.match(call?.messages.at(-1), { result: { structuredContent: { status: 'succeeded', answer: /Approved/ } } }, 'and gets her answer')
})
