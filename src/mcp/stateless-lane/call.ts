import { randomUUID } from 'node:crypto'
import { CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server'
import type { ProgressNotification, ProgressToken } from '@modelcontextprotocol/sdk/types.js'
import { answersOf, isAnswer, MissingCapability, requireAnswerable, requireCapabilities, type InputRequest, type InputResponse } from '../input.ts'
import type { Interrupt } from '../interrupt.ts'
import { ErrorCode, isObject, ProtocolError, requireJson } from '../json-rpc.ts'
import { InputRequired, type ClientCapabilities, type LoggingLevel, type SessionOperation } from '../operation.ts'
import { createProgress } from '../progress.ts'
import type { Deeds } from './deeds.ts'
import { hashOfCall, isRequestState, type RequestState } from './request-state.ts'

/** Who calls, and what ends the call. */
export interface CallOptions {
  caller: string
  credential: object | null
  requestId: string | null
  interrupt: Interrupt
  /** Is called when its work begins. */
  onOperation: () => void
}

/** What a request has brought of its client, and the way back to it. */
export interface Line {
  /** What the client says about itself. */
  envelope: Record<string, unknown>
  progressToken: ProgressToken | undefined
  /** What an earlier leg of the call remembers; its signature was checked. */
  requestState: unknown
  /** What the client answers to questions of earlier legs. */
  inputResponses: Record<string, unknown>
  notify: (notification: ProgressNotification) => Promise<void>
  /** Sends a log message, if the client wants that level. */
  log: (level: LoggingLevel, data: unknown, logger: string | undefined) => Promise<void>
}

/** One leg of a call. */
export interface Call {
  /** What its handler works with. */
  operation: SessionOperation
  /** What the next leg must know. */
  remember: () => RequestState
}

/**
 * Makes the operation of a request that knows of no earlier one, but for what its client brings back.
 *
 * @param line to its client
 * @param deeds what earlier legs of calls have done
 * @throws {ProtocolError} when the state that it brings back belongs to another call
 */
export function createCall (method: string, params: Record<string, unknown>, line: Line, { caller, credential, requestId, interrupt }: CallOptions, deeds: Deeds): Call {
  const { envelope, requestState } = line
  const client = envelope[CLIENT_INFO_META_KEY]
  const clientCapabilities: ClientCapabilities = Object(envelope[CLIENT_CAPABILITIES_META_KEY])
  // As it came: whoever checks arguments fills in what they leave out.
  const said = JSON.stringify(params)
  const hash = (): string => hashOfCall(caller, method, said)
  const earlier = requestState === undefined ? undefined : restoreState(hash(), requestState)
  const resumed = earlier === undefined ? null : { since: Date.now(), progress: earlier.progress }
  const answers = { ...earlier?.answers }
  const done = { ...earlier?.done }
  const brought: Record<string, unknown> = { ...answers, ...line.inputResponses }
  let progressMade = earlier?.progress ?? null
  let id = earlier?.id

  /** Most calls do and ask nothing that must be remembered, and need none. */
  function idOfCall (): string {
    id ??= randomUUID()
    return id
  }

  /** What the client has answered, now or in an earlier leg; something else is no answer. */
  function answerTo<Request extends InputRequest> (key: string, request: Request): InputResponse<Request> | undefined {
    const answer = Object.hasOwn(brought, key) ? brought[key] : undefined
    if (!isAnswer(request, answer)) return undefined
    answers[key] = answer
    return answer
  }

  function mustAsk (requests: Record<string, InputRequest>): InputRequired {
    refusingTheCall(() => { requireAnswerable(clientCapabilities, Object.values(requests)) })
    return new InputRequired(requests)
  }

  return {
    remember: () => ({ call: hash(), id: idOfCall(), answers, done, progress: progressMade }),
    operation: {
      interrupt,
      signal: interrupt.signal,
      caller,
      credential,
      client: { name: isObject(client) ? String(client['name']) : '', protocolVersion: String(envelope[PROTOCOL_VERSION_META_KEY]) },
      session: null,
      requestId,
      resumed,
      clientCapabilities,
      progress: createProgress(line.progressToken, interrupt, async (notification) => {
        const { progress, _meta: meta } = notification.params
        progressMade = { progress, ...(meta === undefined ? {} : { meta }) }
        await line.notify(notification)
      }, resumed?.progress?.progress),
      log: async (level, data, logger) => {
        if (interrupt.reason !== undefined) return
        requireJson(data)
        await line.log(level, data, logger)
      },
      ask: async (key, request) => {
        const answer = answerTo(key, request)
        if (answer === undefined) throw mustAsk({ [key]: request })
        return answer
      },
      askAll: async (requests) => {
        const given: InputResponse[] = []
        const open: Record<string, InputRequest> = {}
        for (const [key, request] of Object.entries(requests)) {
          const answer = answerTo(key, request)
          if (answer === undefined) open[key] = request
          else given.push(answer)
        }
        if (Object.keys(open).length > 0) throw mustAsk(open)
        return answersOf(requests, given)
      },
      once: async (key, work) => {
        // It was put there by this very call, and came back signed.
        if (Object.hasOwn(done, key)) return done[key]?.result as Awaited<ReturnType<typeof work>>
        const result = await deeds.once(`${idOfCall()} ${key}`, async () => requireJson(await work()))
        done[key] = { result }
        return result
      },
      require: (capabilities) => { refusingTheCall(() => { requireCapabilities(clientCapabilities, capabilities) }) },
      // Whoever closes the connection here cancels the call.
      closeStream: async () => {},
      setLogLevel: notHere,
      subscribe: notHere,
      getTask: notHere,
      cancelTask: notHere
    }
  }
}

function restoreState (call: string, brought: unknown): RequestState {
  // The words that the SDK has for a state that isn't signed right.
  if (!isRequestState(brought) || brought.call !== call) throw new ProtocolError(ErrorCode.InvalidParams, 'Invalid or expired requestState', { reason: 'invalid_request_state' })
  return brought
}

/** In this revision, a client that can't do what is needed gets an error of the protocol. */
function refusingTheCall (check: () => void): void {
  try {
    check()
  } catch (error) {
    if (!(error instanceof MissingCapability)) throw error
    throw new ProtocolError(ErrorCode.MissingClientCapability, error.message, { requiredCapabilities: error.required })
  }
}

/** The revision has no such request. */
async function notHere (): Promise<never> {
  throw new ProtocolError(ErrorCode.MethodNotFound, 'Method not found')
}
