import { createRequestStateCodec, inputRequired, type InputRequests, type RequestStateCodec, type Result } from '@modelcontextprotocol/server'
import type { Dispatch } from '../dispatch.ts'
import { InputRequired } from '../operation.ts'
import { createCall, type CallOptions, type Line } from './call.ts'
import { Deeds } from './deeds.ts'
import type { RequestState } from './request-state.ts'

export interface LegsOptions {
  dispatch: Dispatch
  /** Signs what a call remembers while its client answers a question: at least 32 bytes, the same for all replicas. */
  requestStateKey: string
  /** How long a client may take to answer. */
  requestStateTtlSeconds: number
}

/** Works on requests. One that asks its client comes in several legs, each of which brings the answers to what the earlier ones asked. */
export class Legs {
  readonly #dispatch: Dispatch
  readonly #codec: RequestStateCodec<RequestState>
  readonly #deeds: Deeds

  constructor ({ dispatch, requestStateKey, requestStateTtlSeconds }: LegsOptions) {
    this.#dispatch = dispatch
    this.#codec = createRequestStateCodec({ key: requestStateKey, ttlSeconds: requestStateTtlSeconds })
    this.#deeds = new Deeds(requestStateTtlSeconds * 1000)
  }

  /** Checks the signature of what a client brings back. */
  get verify (): RequestStateCodec<RequestState>['verify'] {
    return this.#codec.verify
  }

  /**
   * Resolves to the result, which may be what the client must be asked first.
   *
   * @throws {ProtocolError}
   */
  async work (method: string, params: Record<string, unknown>, line: Line, options: CallOptions): Promise<Result> {
    const { operation, remember } = createCall(method, params, line, options, this.#deeds)
    options.onOperation()
    try {
      return await this.#dispatch(method, params, operation)
    } catch (error) {
      if (!(error instanceof InputRequired)) throw error
      // The other SDK's types for the same JSON.
      return inputRequired({ inputRequests: error.requests as InputRequests, requestState: await this.#codec.mint(remember()) })
    }
  }
}
