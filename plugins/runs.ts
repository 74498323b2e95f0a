import type { Static } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { DustError, type Run } from '../src/dust/client.ts'
import type { AgentMessage } from '../src/dust/types.ts'
import type { ToolResult } from '../src/mcp/catalog/tools.ts'
import { InputRequired, ToolError, type Operation } from '../src/mcp/operation.ts'
import { ProgressFeed } from '../src/mcp/progress-feed.ts'
import { RUN_OUTCOMES, RunMeter, type RunOutcome } from './metrics/run-meter.ts'
import { completed, toResult, type Answer, type Asked } from './runs/answer.ts'
import { followRun, isAborted } from './runs/follow-run.ts'
import { RunSlots, type Refusal } from './runs/run-slots.ts'
import { RunsInProgress, type SeenRun } from './runs/runs-in-progress.ts'

/** A run that has begun, and whose it is. */
export interface Begun {
  agent: Asked
  run: Run
}

/** How a run begins for which something must be looked up. */
export interface Beginning<Found> {
  /** Changes nothing, so it may be done again. Gives JSON. */
  find: () => Promise<Found>
  begin: (found: Found) => Promise<Begun>
}

export interface WaitOptions {
  /** It ran before: perhaps it waits for a person already. */
  isUnderway?: boolean
  /** The action on which this very call has decided. */
  decided?: string
  /** Whether a call that is cancelled takes the run along; by default it does. */
  cancels?: boolean
}

/** Agent runs that somebody waits for. */
export interface Runs {
  /**
   * Begins a run, or joins one, and stays with it until it ends, or waits for a person whom nobody can ask here, or time is over.
   * The handler that calls this may run again: the run is only begun once then.
   *
   * @throws {ToolError} when there are too many
   */
  wait<Found> (operation: Operation, beginning: (() => Promise<Begun>) | Beginning<Found>, options?: WaitOptions): Promise<ToolResult<Static<typeof Answer>>>
  /** The result for a run that has ended. */
  ended (begun: Begun, message: AgentMessage): ToolResult<Static<typeof Answer>>
  /** The runs that somebody waits for in this process, those included that wait for a person; the oldest first. */
  readonly inProgress: readonly SeenRun[]
}

declare module 'fastify' {
  interface FastifyInstance {
    runs: Runs
  }
}

/** How long a question waits for another run to end when there are too many. */
const PATIENCE_MS = 30_000

const REFUSALS: Readonly<Record<Refusal, string>> = {
  queue_full: 'and as many of your questions wait already.',
  timeout: `and none has ended within ${PATIENCE_MS / 1000} s.`
}

/** Stays with the agents that were asked, for whoever asked. */
export default fp(async (fastify) => {
  const { dust, log, mcp, tracing } = fastify
  const { runTimeoutMs, maxRuns, toolApproval } = fastify.config.dust
  const instruments = fastify.instruments.runs
  const slots = new RunSlots({ limit: maxRuns, queueLimit: maxRuns, patienceMs: PATIENCE_MS })
  const seen = new RunsInProgress()

  for (const outcome of RUN_OUTCOMES) instruments.duration.zero({ outcome })
  instruments.rejected.inc({ reason: 'concurrency' }, 0)

  /** Whoever makes up a key, or a name with each key, must not stand in the queue before others. */
  async function requireKey (operation: Operation): Promise<void> {
    if (operation.credential !== null && operation.resumed === null) await dust.for(operation).listAgents({ signal: operation.signal })
  }

  async function enter (operation: Operation): Promise<void> {
    // One that runs already in Dust is only followed.
    if (operation.resumed !== null) return slots.take()
    const refusal = await slots.enter(operation.caller, operation.signal, (before) => {
      operation.progress(`Waiting for another run to end, ${before} before this one`)
        .catch((error: unknown) => { log.warn({ err: error }, 'progress could not be sent') })
    })
    if (refusal === undefined) return
    instruments.rejected.inc({ reason: 'concurrency' })
    throw new ToolError(`This server runs ${maxRuns} agents already, which is its limit, ${REFUSALS[refusal]} Try again in a minute.`)
  }

  /** The slot of one run, which others may have while it waits for a person. It's in nobody's way when it goes on: it runs in Dust in any case. */
  function holdSlot (): { setIdle: (isIdle: boolean) => void } {
    let isHeld = true
    instruments.inProgress.set(slots.taken)
    return {
      setIdle: (isIdle) => {
        if (isIdle !== isHeld) return
        isHeld = !isIdle
        if (isIdle) slots.leave()
        else slots.take()
        instruments.inProgress.set(slots.taken)
      }
    }
  }

  const offered = (tool: string): boolean => mcp.toolNames.includes(tool)

  fastify.decorate('runs', {
    wait: async (operation, beginning, { isUnderway = false, decided, cancels = true } = {}) => {
      const timeout = AbortSignal.timeout(Math.max(0, (operation.resumed?.since ?? Date.now()) + runTimeoutMs - Date.now()))
      await requireKey(operation)
      await enter(operation)
      const slot = holdSlot()
      const sight = seen.add(operation.credential === null)
      const feed = new ProgressFeed(operation, (error) => { log.warn({ err: error }, 'progress could not be sent') })
      const mark = (step: string): void => { tracing.mark(operation, step) }
      let meter = new RunMeter(instruments, Date.now(), true, mark)
      let isOld = true
      try {
        const begin = await prepare(operation, beginning)
        const { agent, run, since } = await operation.once('run', async () => {
          isOld = false
          operation.signal.throwIfAborted()
          const since = Date.now()
          const { agent, run } = await begin()
          return { agent, run, since }
        })
        meter = new RunMeter(instruments, since, !isOld && !isUnderway, mark)
        sight.begun(agent.name, since)
        if (!isOld) feed.step(`${agent.name} ${isUnderway ? 'is followed' : 'got the message'}, in conversation ${run.conversationId}`)
        const ended = await followRun(run, {
          dust: dust.for(operation),
          log,
          policy: toolApproval,
          agentName: agent.name,
          operation,
          timeout,
          timeoutMs: runTimeoutMs,
          isUnderway: isUnderway || isOld,
          decided,
          cancels,
          onWaiting: (isWaiting) => {
            slot.setIdle(isWaiting)
            sight.setWaiting(isWaiting)
          },
          onEvent: (event) => {
            meter.event(event)
            sight.event(event)
          },
          feed
        })
        meter.end(ended.outcome.measured)
        return toResult(agent, run, ended, offered)
      } catch (error) {
        const outcome = outcomeOf(error, operation.signal)
        if (outcome !== null) meter.end(outcome)
        throw error
      } finally {
        slot.setIdle(true)
        sight.end()
        await feed.end()
      }
    },
    ended: ({ agent, run }, message) => toResult(agent, run, completed(message, ''), offered),
    get inProgress () { return seen.list }
  } satisfies Runs)
}, { name: 'runs', dependencies: ['config', 'metrics', 'tracing', 'dust', 'mcp'] })

/** Looks up what must be known before the run begins: a process that dies meanwhile leaves no doubt whether an agent was asked. */
async function prepare<Found> (operation: Operation, beginning: (() => Promise<Begun>) | Beginning<Found>): Promise<() => Promise<Begun>> {
  if (typeof beginning === 'function') return beginning
  const found = await operation.once('found', beginning.find, { isRepeatable: true })
  return () => beginning.begin(found)
}

/** How a run that broke off counts; `null` when there was none, because the asker named what isn't there, or when it's counted later. */
function outcomeOf (error: unknown, signal: AbortSignal): RunOutcome | null {
  if (isAborted(signal, 'moved')) return null
  if (signal.aborted) return isAborted(signal, 'shutdown') ? 'shutdown' : 'cancelled'
  const isMistake = error instanceof ToolError || error instanceof InputRequired || (error instanceof DustError && error.kind === 'not_found')
  return isMistake ? null : 'error'
}
