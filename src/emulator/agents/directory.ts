import type { Agent } from '../../dust/types.ts'
import { ApiError } from '../errors.ts'
import { answerQuickly } from './answering.ts'
import { crowdNames } from './crowd.ts'
import { agent, staff, type EmulatedAgent } from './staff.ts'

export interface NewAgent {
  sId?: string
  name: string
  description?: string
  scope?: string
  /** The sId of an agent that it works like; `dust` unless told. */
  like?: string
}

export type AgentChange = Partial<Pick<Agent, 'name' | 'description' | 'scope' | 'status'>>

/** The agents of the emulated workspace. They come, change and go; a message keeps the agent as it was when it was asked. */
export class AgentDirectory {
  readonly #agents = new Map<string, EmulatedAgent>()

  constructor () {
    for (const member of staff) this.#put(member)
  }

  get (sId: string): EmulatedAgent | undefined {
    return this.#agents.get(sId)
  }

  configurations (): Agent[] {
    return [...this.#agents.values()].map(({ configuration }) => configuration)
  }

  /** @throws {ApiError} 400 when the sId is taken or there is nobody to work like */
  add ({ sId = `agent${this.#agents.size}`, name, description = '', scope = 'visible', like = 'dust' }: NewAgent): Agent {
    const model = this.#agents.get(like)
    if (model === undefined) throw new ApiError(400, 'invalid_request_error', `There is no agent ${like} to work like.`)
    if (this.#agents.has(sId)) throw new ApiError(400, 'invalid_request_error', `There is an agent ${sId} already.`)
    return this.#put(agent(sId, name, description, model.behaviour, { scope }))
  }

  /** @throws {ApiError} 404 agent_configuration_not_found */
  change (sId: string, change: AgentChange): Agent {
    const before = this.#agents.get(sId)
    if (before === undefined) throw agentNotFound()
    const configuration = { ...before.configuration, ...change, version: before.configuration.version + 1 }
    this.#agents.set(sId, { ...before, configuration })
    return configuration
  }

  /** Adds agents until that many can be asked. Always the same ones, and some with names that are hard to make a tool's name of. */
  fillUpTo (count: number): void {
    const names = crowdNames()
    let active = this.configurations().filter(({ status }) => status === 'active').length
    for (let number = 1; active < count; number++) {
      const { value: name = '' } = names.next()
      const sId = `crowd${String(number).padStart(4, '0')}`
      if (this.#agents.has(sId)) continue
      this.#put(agent(sId, name, `One of many: ${name}.`, answerQuickly))
      active++
    }
  }

  #put ({ behaviour, configuration }: EmulatedAgent): Agent {
    const numbered = { ...configuration, id: 1000 + this.#agents.size }
    this.#agents.set(numbered.sId, { behaviour, configuration: numbered })
    return numbered
  }
}

export function agentNotFound (): ApiError {
  return new ApiError(404, 'agent_configuration_not_found', 'The agent configuration was not found.')
}
