import t from 'tap'
import { startEmulator } from './caller.ts'

t.test('closing ends open streams, running agents and blocking requests', async (t) => {
  const { app, ask, connect, conversations } = await startEmulator(t, { pace: 100 })
  const { cId, path, mId } = await ask('essayist', 'What is rain?')
  const blocking = Promise.allSettled([ask('deployer', 'Deploy', { blocking: true })])
  const messages = connect(path)
  const events = connect(cId)
  const { emulator } = app
  const running = () => emulator.requests()['messages.events'] === 1 && emulator.requests()['conversations.events'] === 1 && emulator.workspace.runs.size === 2
  while (!running()) await new Promise(setImmediate)
  await app.close()
  t.notOk((await messages).isDone)
  t.equal((await events).status, 200)
  await blocking
  await emulator.workspace.runs.get(mId)?.finished
  t.equal(emulator.message(mId)?.status, 'created')
  await t.rejects(fetch(conversations))
})

t.test('an emulator that nobody called closes too', async (t) => {
  const { app } = await startEmulator(t)
  await app.close()
  t.notOk(app.server.listening)
})
