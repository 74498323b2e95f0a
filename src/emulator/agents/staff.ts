import type { Agent } from '../../dust/types.ts'
import type { Behaviour } from '../run/turn.ts'
import { answerAtLength, answerForAQuarterOfAnHour, answerQuickly, answerWithABook } from './answering.ts'
import { answerAfterApproval, answerAfterAQuestion, answerAfterTwoApprovals, answerAfterTwoQuestions } from './asking.ts'
import { failHalfWay, failInATool, refuseTheQuestion, stopEarly, waitForAFile, waitForAnAccount } from './failing.ts'
import { answerFromAttachments, answerWithFiles } from './filing.ts'
import { answerThroughAnotherAgent, answerWithTools } from './working.ts'

export interface EmulatedAgent {
  readonly configuration: Agent
  readonly behaviour: Behaviour
}

/** The agents that the workspace begins with, also those that must not be asked. */
export const staff: readonly EmulatedAgent[] = [
  agent('dust', 'dust', 'Answers any question in a sentence or two.', answerQuickly, { scope: 'global' }),
  agent('essayist', 'Essayist', 'Thinks first, then answers at length. Takes about twenty seconds.', answerAtLength),
  agent('researcher', 'Researcher', 'Searches company data and the web, and tells what it finds.', answerWithTools),
  agent('deployer', 'Deployer', 'Deploys services to production. Asks for approval first.', answerAfterApproval),
  agent('quartermaster', 'Quartermaster', 'Orders things and tells the team. Asks for approval of both at once.', answerAfterTwoApprovals),
  agent('concierge', 'Concierge', 'Plans work for you. Asks how thorough to be.', answerAfterAQuestion),
  agent('surveyor', 'Surveyor', 'Asks two questions: one with several answers, one without options.', answerAfterTwoQuestions),
  agent('teamlead', 'Team lead', 'Hands work to the Deployer, which asks for approval.', answerThroughAnotherAgent),
  agent('novelist', 'Novelist', 'Writes more than 200 kB in many alphabets.', answerWithABook),
  agent('marathoner', 'Marathoner', 'Writes more than 1 MB in a quarter of an hour, and says nothing for three minutes of it.', answerForAQuarterOfAnHour),
  agent('clerk', 'Clerk', 'Makes files: a table, a picture, a page, and notes in the folder of the conversation.', answerWithFiles),
  agent('proofreader', 'Proofreader', 'Reads what is attached, and tells how long it is and how it begins.', answerFromAttachments),
  agent('unlucky', 'Unlucky', 'Fails half-way. A retry succeeds.', failHalfWay),
  agent('archivist', 'Archivist', 'Its tool breaks, and the stream does not say that it is over.', failInATool),
  agent('sprinter', 'Sprinter', 'Stops early, with a part of the answer.', stopEarly),
  agent('secretary', 'Secretary', 'Reads mail, for which a person must connect an account in Dust first.', waitForAnAccount),
  agent('bookkeeper', 'Bookkeeper', 'Reads a spreadsheet, which a person must open to it in Dust first.', waitForAFile),
  agent('doorman', 'Doorman', 'Refuses every question after it was taken.', refuseTheQuestion),
  agent('retired', 'Retired', 'Was replaced last year.', answerQuickly, { status: 'archived' }),
  agent('librarian', 'Librarian', 'Switched off by an administrator.', answerQuickly, { scope: 'global', status: 'disabled_by_admin' }),
  agent('draftsman', 'Draftsman', 'Not published: only administrators see its details.', answerQuickly, { scope: 'hidden' })
]

/** An agent whose numeric id is still to be given. */
export function agent (sId: string, name: string, description: string, behaviour: Behaviour, { scope = 'visible', status = 'active' } = {}): EmulatedAgent {
  const isGlobal = scope === 'global'
  return {
    behaviour,
    configuration: {
      id: 0,
      sId,
      version: isGlobal ? 0 : 3,
      versionCreatedAt: isGlobal ? null : '2026-01-15T09:30:00.000Z',
      versionAuthorId: isGlobal ? null : 7,
      name,
      description,
      instructions: isGlobal ? null : `You are ${name}. ${description}`,
      pictureUrl: `https://dust.tt/static/systemavatar/${sId}.png`,
      status,
      scope,
      model: { providerId: 'anthropic', modelId: 'claude-4-sonnet-20250514', temperature: 0.7 },
      userFavorite: false,
      maxStepsPerRun: 8,
      templateId: null
    }
  }
}
