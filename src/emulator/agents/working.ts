import { quote, recall, subject } from './phrases.ts'
import type { Behaviour } from '../run/turn.ts'

/** Searches twice with a tool that needs no approval, and repeats itself from step to step as models do. */
export const answerWithTools: Behaviour = async (turn) => {
  const topic = subject(turn.prompt)
  const intention = `${recall(turn)}I will look up ${topic}. `
  await turn.think(`To answer ${quote(turn.prompt)} I need facts. Searching the company data first, then the web.`)
  await turn.say(intention)
  const documents = turn.random.integer(3, 9)
  await turn.useTool({
    server: 'search',
    tool: 'semantic_search',
    params: { query: turn.prompt, relativeTimeFrame: 'all' },
    labels: { running: 'Searching company data', done: 'Searched company data' },
    notifications: [`Searching for ${topic}`, `Reading ${documents} documents`],
    durationMs: 900,
    output: `${documents} documents mention ${topic}.`
  })
  turn.nextStep()
  await turn.say(intention)
  await turn.say('The company data is a start, now the web. ')
  const year = turn.random.integer(2019, 2026)
  await turn.useTool({
    server: 'web_search_&_browse',
    tool: 'websearch',
    params: { query: topic },
    labels: { running: 'Browsing the web', done: 'Browsed the web' },
    notifications: ['Opening the first results'],
    durationMs: 700,
    output: `The best source on ${topic} is from ${year}.`
  })
  turn.nextStep()
  const content = `${recall(turn)}You asked ${quote(turn.prompt)}. I found ${documents} documents of ours that mention ${topic}; ` +
    `the best public source is from ${year}. Both agree on the main point, so I would rely on it.`
  await turn.say(content)
  return { kind: 'success', content }
}

/** Hands the work to the Deployer, whose tool needs approval: the event carries the ids of another conversation. */
export const answerThroughAnotherAgent: Behaviour = async (turn) => {
  await turn.say(`${recall(turn)}I pass this on to a colleague. `)
  const report = await turn.delegate('deployer', turn.prompt)
  turn.nextStep()
  const content = `${recall(turn)}You asked ${quote(turn.prompt)}. My colleague reports: ${report}`
  await turn.say(content)
  return { kind: 'success', content }
}
