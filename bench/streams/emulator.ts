import { createEmulator } from '../../src/emulator/app.ts'
import type { Behaviour } from '../../src/emulator/run/turn.ts'
import { serve } from '../servers/serve.ts'
import { parsePrompt, toPiece } from './pieces.ts'

/** Says so many pieces as it is asked for, each with the time at which it's said. */
const sayTimes: Behaviour = async (turn) => {
  const { pieces, everyMs } = parsePrompt(turn.prompt)
  const startedAt = performance.now()
  const said: string[] = []
  for (let number = 1; number <= pieces; number++) {
    // By the clock, so that an agent that was late isn't late for ever.
    await turn.pause(Math.max(0, startedAt + number * everyMs - performance.now()))
    const piece = toPiece(number)
    said.push(piece)
    await turn.say(piece, { wordsPerEvent: 100, eventMs: 0 })
  }
  return { kind: 'success', content: said.join('') + toPiece('end') }
}

const emulator = createEmulator({ pace: 1, connectionLifetimeMs: 600_000 })
Object.assign(emulator.emulator.workspace.agents.get('dust') ?? {}, { behaviour: sayTimes })
await serve(() => emulator.listen({ port: 0, host: '127.0.0.1' }))
