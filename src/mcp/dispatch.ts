import type { ServerResult } from '@modelcontextprotocol/sdk/types.js'
import { failedCall } from './call-tool.ts'
import type { Catalog } from './catalog.ts'
import type { Interrupt } from './interrupt.ts'
import { ErrorCode, isObject, nothingThrown, ProtocolError, requireJson } from './json-rpc.ts'
import { createMethods } from './methods.ts'
import { InputRequired, ToolError, type Operation, type SessionOperation } from './operation.ts'
import { preparedJson } from './prepared.ts'

/** What comes to light while a request is worked on. */
export interface Observed {
  /** Name of the registered tool, if one was called. */
  tool: string | null
  /** Under which name it's counted. */
  toolGroup: string | null
  /** `tool_error`, why it was aborted, a JSON-RPC error code as text (-32603 for a fault of ours, also in a tool), or `null` when it went well. */
  errorType: string | null
  /** The JSON-RPC error code of the answer; `null` when the answer is a result. */
  errorCode: number | null
  /** What a handler threw that wasn't meant for the client. */
  fault: unknown
  /** What is known of an error of a layer below, fit for a log. */
  details: Record<string, unknown> | null
}

/** What is known of a request before anything is done. */
export interface OperationStart {
  /** A method that is handled here, or `_OTHER`. */
  method: string
  params: Record<string, unknown>
  operation: Operation
}

/** How one MCP request ended. */
export interface OperationObservation extends OperationStart, Observed {
  durationMs: number
}

/** Watches operations, each from its start to its end. */
export interface OperationObserver {
  onStart (start: OperationStart): void
  onEnd (observation: OperationObservation): void
}

/** An error of a layer below, told to both sides. */
export interface Explanation {
  /** Fit for a model. */
  message: string
  /** Fit for a log: nothing that a client said. */
  details: Record<string, unknown>
}

/** Turns an error of a layer below into words for the client and details for the log; `null` makes it a fault. */
export type Explain = (error: unknown) => Explanation | null

/**
 * Stands around every operation: may look at it, refuse it by throwing a `ToolError`, and change its result.
 *
 * @param next works on the request; call it once, or throw
 */
export type OperationHook = (request: { method: string, params: Record<string, unknown>, operation: Operation }, next: () => Promise<ServerResult>) => Promise<ServerResult>

export interface DispatchOptions {
  catalog: Catalog
  observer?: OperationObserver
  explain?: Explain
  /** The first one is the outermost. Looked at with each request, so that more may come later. */
  hooks?: readonly OperationHook[]
  /** How long a handler may go on after its operation was aborted, until nobody waits for it any more. Default 10 s. */
  abortGraceMs?: number
}

export type Dispatch = (method: string, params: Record<string, unknown>, operation: SessionOperation) => Promise<ServerResult>

/**
 * Takes one MCP request to the catalog and its result back. The one place where an operation is observed.
 * The promise rejects with a {@link ProtocolError}, or with {@link InputRequired} when the client must be asked first;
 * a tool that fails is a result with `isError`.
 */
export function createDispatch ({ catalog, observer, explain = () => null, hooks = [], abortGraceMs = 10_000 }: DispatchOptions): Dispatch {
  const methods = createMethods(catalog, explain)

  return async (method, params, operation) => {
    const handle = methods.get(method)
    const label = handle === undefined ? '_OTHER' : method
    const observed: Observed = { tool: null, toolGroup: null, errorType: null, errorCode: null, fault: null, details: null }
    const startedAt = performance.now()
    observer?.onStart({ method: label, params, operation })
    try {
      if (handle === undefined) throw new ProtocolError(ErrorCode.MethodNotFound, 'Method not found')
      const hasHooks = hooks.length > 0
      const work = hooks.reduceRight<() => Promise<ServerResult>>(
        (next, hook) => () => hook({ method, params, operation }, next),
      hasHooks ? async () => ownCopy(await handle(params, operation, observed)) : () => handle(params, operation, observed))
      const result = await untilAborted(work(), operation.interrupt, abortGraceMs)
      if (hasHooks) requireResult(result)
      return result
    } catch (error) {
      if (error instanceof InputRequired) throw error
      if (error instanceof ToolError && method === 'tools/call') return failedCall(error.message, observed, error.structured)
      const protocolError = toProtocolError(error, observed)
      observed.errorType = String(protocolError.code)
      observed.errorCode = protocolError.code
      throw protocolError
    } finally {
      const { reason } = operation.interrupt
      if (reason !== undefined) observed.errorType = reason.abortCause
      observer?.onEnd({ ...observed, method: label, params, operation, durationMs: performance.now() - startedAt })
    }
  }
}

/** The same promise, but one that doesn't settle in time after the abort is left behind: nobody waits for its result. */
async function untilAborted<Result> (work: Promise<Result>, interrupt: Interrupt, graceMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const { promise, resolve, reject } = Promise.withResolvers<Result>()
  const leave = (): void => {
    timer = setTimeout(() => { reject(new Error('The handler goes on although its operation was aborted; it must end when its signal aborts')) }, graceMs)
    timer.unref()
  }
  if (interrupt.reason !== undefined) leave()
  else interrupt.onabort = leave
  work.then(resolve, reject)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    interrupt.onabort = undefined
  }
}

/** Hooks may change what they get, which may belong to everybody. */
function ownCopy (result: ServerResult): ServerResult {
  return preparedJson(result) === undefined ? result : structuredClone(result)
}

/** Hooks in JavaScript return what they like, or forget to. */
function requireResult (result: unknown): void {
  if (!isObject(result)) throw new TypeError('A hook must return a result: what next() resolves to, or another one')
  requireJson(result)
}

function toProtocolError (error: unknown, observed: Observed): ProtocolError {
  if (error instanceof ProtocolError) return error
  if (error instanceof ToolError) return new ProtocolError(ErrorCode.Refused, error.message, error.structured)
  observed.fault = error ?? nothingThrown()
  return new ProtocolError(ErrorCode.InternalError, 'Internal error')
}
