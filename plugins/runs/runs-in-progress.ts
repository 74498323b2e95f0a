import type { RunEvent } from '../../src/dust/client.ts'

/** What an agent is doing, in a word: none is of the conversation. */
export type RunActivity = 'starting' | 'thinking' | 'writing' | 'using a tool' | 'waiting for a person'

/** A run that somebody waits for, as others may see it. */
export interface SeenRun {
  /** `null` until it's known, and for an agent of a caller's own workspace, which is nobody else's business. */
  agent: string | null
  /** In milliseconds since the epoch. */
  since: number
  activity: RunActivity
  /** The tool that it uses; `null` when it uses none, or it's nobody else's business. */
  tool: string | null
  /** How many tools it has used so far. */
  toolCalls: number
}

/** Follows one run for those who look on. Costs a comparison for each event. */
export interface RunSight {
  /** @param since when it began, be it in another process */
  begun (agent: string, since: number): void
  event (event: RunEvent['event']): void
  setWaiting (isWaiting: boolean): void
  end (): void
}

/** Knows the runs that somebody waits for in this process, the oldest first. */
export class RunsInProgress {
  readonly #runs = new Set<SeenRun>()

  get list (): readonly SeenRun[] {
    return [...this.#runs].sort((a, b) => a.since - b.since)
  }

  /** @param isOurs whether it's in the server's own workspace */
  add (isOurs: boolean): RunSight {
    const run: SeenRun = { agent: null, since: Date.now(), activity: 'starting', tool: null, toolCalls: 0 }
    const be = (activity: RunActivity, tool: string | null = null): void => {
      run.activity = activity
      run.tool = isOurs ? tool : null
    }
    this.#runs.add(run)
    return {
      begun: (agent, since) => {
        if (isOurs) run.agent = agent
        run.since = since
      },
      event: (event) => {
        switch (event.type) {
          case 'generation_tokens':
            be(event.classification === 'tokens' ? 'writing' : 'thinking')
            break
          case 'tool_params':
            run.toolCalls++
            be('using a tool', event.action.toolName)
            break
          case 'tool_call_started':
            be('using a tool', event.toolName)
            break
          case 'agent_action_success':
          case 'tool_error':
            be('thinking')
        }
      },
      setWaiting: (isWaiting) => { be(isWaiting ? 'waiting for a person' : 'thinking') },
      end: () => { this.#runs.delete(run) }
    }
  }
}
