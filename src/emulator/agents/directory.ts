import type { Agent } from '../../dust/types.ts'
import type { Behaviour } from '../run/turn.ts'
import { answerAtLength, answerQuickly, answerWithABook } from './answering.ts'
import { failHalfWay, failInATool, stopEarly, waitForAnAccount } from './failing.ts'
import { answerAfterApproval, answerAfterAQuestion, answerThroughAnotherAgent, answerWithTools } from './working.ts'

export interface EmulatedAgent {
  readonly configuration: Agent
  readonly behaviour: Behaviour
}

/** Every agent of the emulated workspace by its sId, also those that must not be asked. */
export const directory: ReadonlyMap<string, EmulatedAgent> = new Map([
  agent('dust', 'dust', 'Answers any question in a sentence or two.', answerQuickly, { scope: 'global' }),
  agent('essayist', 'Essayist', 'Thinks first, then answers at length. Takes about twenty seconds.', answerAtLength),
  agent('researcher', 'Researcher', 'Searches company data and the web, and tells what it finds.', answerWithTools),
  agent('deployer', 'Deployer', 'Deploys services to production. Asks for approval first.', answerAfterApproval),
  agent('concierge', 'Concierge', 'Plans work for you. Asks how thorough to be.', answerAfterAQuestion),
  agent('teamlead', 'Team lead', 'Hands work to the Deployer, which asks for approval.', answerThroughAnotherAgent),
  agent('novelist', 'Novelist', 'Writes more than 200 kB in many alphabets.', answerWithABook),
  agent('unlucky', 'Unlucky', 'Fails half-way. A retry succeeds.', failHalfWay),
  agent('archivist', 'Archivist', 'Its tool breaks, and the stream does not say that it is over.', failInATool),
  agent('sprinter', 'Sprinter', 'Stops early, with a part of the answer.', stopEarly),
  agent('secretary', 'Secretary', 'Reads mail, for which a person must connect an account in Dust first.', waitForAnAccount),
  agent('retired', 'Retired', 'Was replaced last year.', answerQuickly, { status: 'archived' }),
  agent('librarian', 'Librarian', 'Switched off by an administrator.', answerQuickly, { scope: 'global', status: 'disabled_by_admin' }),
  agent('draftsman', 'Draftsman', 'Not published: only administrators see its details.', answerQuickly, { scope: 'hidden' })
].map((entry, index) => [entry.configuration.sId, { ...entry, configuration: { ...entry.configuration, id: 1000 + index } }]))

function agent (sId: string, name: string, description: string, behaviour: Behaviour, { scope = 'visible', status = 'active' } = {}): EmulatedAgent {
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
