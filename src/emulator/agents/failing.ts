import { quote, recall } from './phrases.ts'
import type { Behaviour } from '../run/turn.ts'

/** The model fails half-way. A retry succeeds, as the category promises. */
export const failHalfWay: Behaviour = async (turn) => {
  await turn.say(`${recall(turn)}Let me see about ${quote(turn.prompt)}. `)
  await turn.pause(300)
  if (turn.attempt > 0) {
    const content = `${recall(turn)}The second attempt worked. You asked ${quote(turn.prompt)}, and the answer is: try again is good advice.`
    turn.nextStep()
    await turn.say(content)
    return { kind: 'success', content }
  }
  return {
    kind: 'error',
    error: {
      code: 'multi_actions_error',
      message: 'The model provider is overloaded. Please retry.',
      metadata: { category: 'retryable_model_error', errorTitle: 'Model overloaded' }
    }
  }
}

/** A tool breaks. The message fails, and nothing on the stream marks the end. */
export const failInATool: Behaviour = async (turn) => {
  await turn.say(`${recall(turn)}I need the archive for ${quote(turn.prompt)}. `)
  await turn.pause(300)
  return { kind: 'tool_error', error: { code: 'tool_error', message: 'The tool archive_lookup did not answer.', metadata: null } }
}

/** Stops before it is done, with what it has. */
export const stopEarly: Behaviour = async (turn) => {
  const content = `${recall(turn)}I stop here with a first part of ${quote(turn.prompt)}, because the step limit is reached.`
  await turn.say(content)
  return { kind: 'gracefully_stopped', content }
}

/** Needs an account that an API key cannot connect: waits until a person has. */
export const waitForAnAccount: Behaviour = async (turn) => {
  await turn.say(`${recall(turn)}For ${quote(turn.prompt)} I have to read your mail. `)
  await turn.needPersonalAccount({
    server: 'gmail',
    tool: 'get_messages',
    params: { query: turn.prompt },
    labels: { running: 'Reading mail', done: 'Read mail' },
    notifications: [],
    durationMs: 500,
    output: 'Three messages.'
  }, 'gmail')
  turn.nextStep()
  const content = `${recall(turn)}Now that I may read your mail: three messages speak of ${quote(turn.prompt)}.`
  await turn.say(content)
  return { kind: 'success', content }
}

/** Needs a file that a person has to open to it, in Dust: waits until they have. */
export const waitForAFile: Behaviour = async (turn) => {
  await turn.say(`${recall(turn)}For ${quote(turn.prompt)} I have to read a spreadsheet. `)
  const file = { fileId: 'sheet-budget', fileName: 'Budget 2026', connectionId: 'con_drive', mimeType: 'application/vnd.google-apps.spreadsheet' }
  await turn.needFileAccess({
    server: 'google_drive',
    tool: 'read_spreadsheet',
    params: { file: file.fileName },
    labels: { running: 'Reading a spreadsheet', done: 'Read a spreadsheet' },
    notifications: [],
    durationMs: 500,
    output: 'Twelve rows.'
  }, file)
  turn.nextStep()
  const content = `${recall(turn)}Now that I may read ${file.fileName}: twelve rows are about ${quote(turn.prompt)}.`
  await turn.say(content)
  return { kind: 'success', content }
}

/** The question is refused after it was taken, and nothing on the stream marks the end. */
export const refuseTheQuestion: Behaviour = async (turn) => {
  await turn.pause(100)
  return { kind: 'user_message_error', error: { code: 'plan_message_limit_exceeded', message: 'The message limit of the plan is reached.' } }
}
