import type { UserQuestion } from '../../dust/types.ts'
import type { Answer, Behaviour } from '../run/turn.ts'
import { quote, recall, subject } from './phrases.ts'

/** Wants to change something, so a person has to approve. Goes on either way, with a different answer. */
export const answerAfterApproval: Behaviour = async (turn) => {
  const topic = subject(turn.prompt)
  const intention = `${recall(turn)}To do ${quote(turn.prompt)} I have to change a running system, so I ask first. `
  await turn.say(intention)
  const change = turn.random.integer(1000, 9999)
  const call = {
    server: 'deployments',
    tool: 'deploy_service',
    params: { service: topic, environment: 'production', change },
    labels: { running: 'Deploying', done: 'Deployed' },
    notifications: ['Rolling out', 'Checking health'],
    durationMs: 900,
    output: `Change ${change} is live.`
  }
  const [isApproved] = await turn.useToolsWithApproval([{ call, stake: 'high' }])
  turn.nextStep()
  const content = isApproved === true
    ? `${recall(turn)}Approved, thank you. I ran deploy_service for ${topic}: change ${change} is live in production. You had asked ${quote(turn.prompt)}.`
    : `${recall(turn)}You rejected the deployment, so I changed nothing. When you are ready, ask me again for ${quote(turn.prompt)}.`
  await turn.say(content)
  return { kind: 'success', content }
}

/** Wants two things at once: both are asked before either is done, and each has an answer of its own. */
export const answerAfterTwoApprovals: Behaviour = async (turn) => {
  const topic = subject(turn.prompt)
  const amount = turn.random.integer(10, 99)
  await turn.say(`${recall(turn)}For ${quote(turn.prompt)} I would buy something and tell the team. `)
  const common = { server: 'purchasing', notifications: [], durationMs: 300 }
  const [bought, told] = await turn.useToolsWithApproval([
    {
      call: { ...common, tool: 'place_order', params: { item: topic, amount, currency: 'EUR' }, labels: { running: 'Ordering', done: 'Ordered' }, output: `${amount} pieces of ${topic} are on their way.` },
      stake: 'medium',
      argumentsRequiringApproval: ['amount'],
      approvalArgsLabel: 'Number of pieces'
    },
    {
      call: { ...common, tool: 'send_message', params: { channel: 'team', text: `I ordered ${topic}.` }, labels: { running: 'Telling the team', done: 'Told the team' }, output: 'Sent.' },
      stake: 'low'
    }
  ])
  turn.nextStep()
  const content = `${recall(turn)}For ${quote(turn.prompt)} I ${bought === true ? `ordered ${amount} pieces` : 'ordered nothing'} and ${told === true ? 'told the team' : 'told nobody'}.`
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
  const content = `${recall(turn)}You chose: ${inWords(answer, options)}. So for ${quote(turn.prompt)} I planned the work on ${topic} accordingly.`
  await turn.say(content)
  return { kind: 'success', content }
}

/** Asks twice: first for several options, then for words. */
export const answerAfterTwoQuestions: Behaviour = async (turn) => {
  const topic = subject(turn.prompt)
  const options = ['Price', 'Speed', 'Support', 'Looks'].map((label) => ({ label, description: null }))
  const matters = await turn.ask({ question: `What matters to you about ${topic}?`, options, multiSelect: true })
  turn.nextStep()
  const wish = await turn.ask({ question: 'What else should I know?', options: [], multiSelect: false })
  turn.nextStep()
  const content = `${recall(turn)}On ${quote(turn.prompt)}: what matters is ${inWords(matters, options)}. You added: ${inWords(wish, [])}.`
  await turn.say(content)
  return { kind: 'success', content }
}

function inWords ({ selectedOptions, customResponse }: Answer, options: UserQuestion['options']): string {
  const chosen = selectedOptions.map((index) => options[index]?.label ?? `option ${index}`)
  return [...chosen, ...(customResponse === undefined ? [] : [customResponse])].join(', ') || 'nothing'
}
