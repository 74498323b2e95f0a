import type { Random } from '../../src/emulator/random.ts'

export interface Question {
  agent: string
  /** Asked nowhere else: an answer quotes it, and so tells whose it is. */
  text: string
  /** Whether it goes on in the conversation of the question before, with the same agent. */
  isFollowUp: boolean
}

const TOPICS = ['Harbour', 'Lantern', 'Orchard', 'Granite', 'Monsoon', 'Violin'] as const

/** What each client asks, one after the other: quick answers, answers with tools and several drafts, and long ones. */
export function planQuestions (random: Random, runs: number, clients: number): Question[][] {
  const plan: Question[][] = Array.from({ length: Math.min(clients, runs) }, () => [])
  for (let run = 0; run < runs; run++) {
    const client = run % plan.length
    const questions = plan[client] ?? []
    const previous = questions.at(-1)
    const isFollowUp = random.chance(0.25) && previous !== undefined
    questions.push({
      agent: isFollowUp ? previous.agent : random.pick(['researcher', 'researcher', 'essayist', 'sprinter', 'dust']),
      text: `What should we know of ${random.pick(TOPICS)}-${client}-${run}?`,
      isFollowUp
    })
  }
  return plan
}
