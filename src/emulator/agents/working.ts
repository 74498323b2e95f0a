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

/** Wants to change something, so a person has to approve. Goes on either way, with a different answer. */
export const answerAfterApproval: Behaviour = async (turn) => {
  const topic = subject(turn.prompt)
  const intention = `${recall(turn)}To do ${quote(turn.prompt)} I have to change a running system, so I ask first. `
  await turn.say(intention)
  const change = turn.random.integer(1000, 9999)
  const approved = await turn.useToolWithApproval({
    server: 'deployments',
    tool: 'deploy_service',
    params: { service: topic, environment: 'production', change },
    labels: { running: 'Deploying', done: 'Deployed' },
    notifications: ['Rolling out', 'Checking health'],
    durationMs: 900,
    output: `Change ${change} is live.`
  }, 'high')
  turn.nextStep()
  const content = approved
    ? `${recall(turn)}Approved, thank you. I ran deploy_service for ${topic}: change ${change} is live in production. You had asked ${quote(turn.prompt)}.`
    : `${recall(turn)}You rejected the deployment, so I changed nothing. When you are ready, ask me again for ${quote(turn.prompt)}.`
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

/** Asks the person to choose, then answers with their choice. */
export const answerAfterAQuestion: Behaviour = async (turn) => {
  const topic = subject(turn.prompt)
  const options = [
    { label: 'Quick', description: 'One page, today' },
    { label: 'Thorough', description: 'Ten pages, on Friday' },
    { label: 'Surprise me', description: null }
  ]
  await turn.say(`${recall(turn)}Before I start on ${quote(turn.prompt)} I need to know one thing. `)
  const answer = await turn.ask({ question: `How deep should I go into ${topic}?`, options, multiSelect: false })
  turn.nextStep()
  const chosen = answer.selectedOptions.map((index) => options[index]?.label ?? `option ${index}`)
  const reply = [...chosen, ...(answer.customResponse === undefined ? [] : [answer.customResponse])].join(', ')
  const content = `${recall(turn)}You chose: ${reply === '' ? 'nothing' : reply}. So for ${quote(turn.prompt)} I planned the work on ${topic} accordingly.`
  await turn.say(content)
  return { kind: 'success', content }
}
