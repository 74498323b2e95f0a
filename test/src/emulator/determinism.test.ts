import t from 'tap'
import { startEmulator } from './caller.ts'

const agents = ['dust', 'essayist', 'researcher', 'novelist']

async function answers (t: Parameters<typeof startEmulator>[0], seed: number) {
  const { ask, askAgain, ended } = await startEmulator(t, { seed })
  const texts = []
  for (const agentId of agents) {
    const first = await ask(agentId, 'What is a comet?')
    const second = await ended(first.mId).then(() => askAgain(first.cId, agentId, 'And a meteor?'))
    texts.push((await ended(first.mId)).content, (await ended(second.mId)).content)
  }
  return texts
}

t.test('the same seed, agent, prompt and position give the same answer, in any emulator', async (t) => {
  const first = await answers(t, 7)
  t.equal(first.length, 2 * agents.length)
  t.equal(new Set(first).size, first.length)
  t.same(await answers(t, 7), first)
})

t.test('another seed gives other answers', async (t) => {
  t.notSame(await answers(t, 8), await answers(t, 7))
})

t.test('the answer does not depend on what else is asked at the same time', async (t) => {
  const quiet = await startEmulator(t)
  const alone = await quiet.ended((await quiet.ask('essayist', 'What is a comet?')).mId)
  const busy = await startEmulator(t)
  const all = await Promise.all(['dust', 'novelist', 'essayist'].map((agentId) => busy.ask(agentId, 'What is a comet?')))
  const records = await Promise.all(all.map(({ mId }) => busy.ended(mId)))
  t.equal(records.find(({ agentId }) => agentId === 'essayist')?.content, alone.content)
})
