import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { ErrorCode, McpError, type Progress } from '@modelcontextprotocol/sdk/types.js'
import type { Question } from './questions.ts'
import { describe, WatchedFetch, type Watch } from './watched-fetch.ts'

/** How a call ended for the one who made it. */
export type Outcome =
  | { kind: 'answered', structured: Record<string, unknown> }
  /** An error, or an answer that says it is none, in the server's words. */
  | { kind: 'told', words: string }
  /** Neither within the limit. */
  | { kind: 'silent' }

export interface Call {
  question: Question
  /** How often the question was sent. */
  asked: number
  /** Errors before anything had come of the call, after each of which the question was sent again. */
  refusals: string[]
  progress: Progress[]
  outcome: Outcome
  watch: Watch
}

export interface ChaosClientOptions {
  address: string
  /** How long a call may say nothing. */
  silenceMs: number
  /** How often a client tries before it gives up on a server that can't be reached. */
  tries: number
  /** Whose abort ends the waiting between two tries. */
  signal: AbortSignal
}

const PAUSE_MS = 1000

/**
 * Somebody who asks one question after the other with the official SDK as it comes. Asks once more when the question could not even be sent,
 * and takes a stream up again when the SDK has given up.
 */
export class ChaosClient {
  readonly #options: ChaosClientOptions
  readonly #watched = new WatchedFetch()
  #client: Client | undefined
  #conversationId: unknown
  /** Where the stream of the call is, while there is one. */
  #lastEventId: string | undefined

  constructor (options: ChaosClientOptions) {
    this.#options = options
  }

  async ask (question: Question): Promise<Call> {
    const refusals: string[] = []
    const watch = this.#watched.begin()
    for (let asked = 0; ;) {
      const progress: Progress[] = []
      try {
        const client = this.#client ??= await this.#connect()
        asked++
        const outcome = await this.#call(client, question, progress)
        if (outcome.kind === 'answered') this.#conversationId = outcome.structured['conversationId']
        return { question, asked, refusals, progress, outcome, watch }
      } catch (error) {
        refusals.push(describe(error))
        if (refusals.length >= this.#options.tries) return { question, asked, refusals, progress, outcome: { kind: 'silent' }, watch }
        if (isSessionGone(error)) await this.close()
        await sleep(PAUSE_MS, undefined, { signal: this.#options.signal })
      }
    }
  }

  async close (): Promise<void> {
    await this.#client?.close()
    this.#client = undefined
  }

  async #connect (): Promise<Client> {
    const client = new Client({ name: 'chaos', version: '1.0.0' })
    const transport = new StreamableHTTPClientTransport(new URL('/mcp', this.#options.address), { fetch: this.#watched.fetch })
    client.onerror = ({ message }) => {
      // So it takes a second answer.
      if (message.includes('unknown message ID')) this.#watched.fault('doubled', message)
      else this.#watched.note(`the SDK: ${message}`)
      if (message.startsWith('Maximum reconnection attempts')) {
        this.#takeUpAgain(transport).catch((error: unknown) => { this.#watched.note(String(error)) })
      }
    }
    // The SDK's own class fits the SDK's own interface, except to `exactOptionalPropertyTypes`.
    await client.connect(transport as Transport)
    return client
  }

  /** Rejects when the question could not be sent, or the connection broke before anything came of it. */
  async #call (client: Client, { agent, text, isFollowUp }: Question, progress: Progress[]): Promise<Outcome> {
    const place = isFollowUp && this.#conversationId !== undefined ? { conversationId: this.#conversationId } : {}
    try {
      const { structuredContent, content, isError } = await client.callTool({ name: 'dust_ask_agent', arguments: { agent, message: text, ...place } }, undefined, {
        timeout: this.#options.silenceMs,
        resetTimeoutOnProgress: true,
        onprogress: (step) => { progress.push(step) },
        onresumptiontoken: (token) => { this.#lastEventId = token }
      })
      const structured = Object(structuredContent) as Record<string, unknown>
      if (isError !== true && structured['status'] === 'succeeded') return { kind: 'answered', structured }
      return { kind: 'told', words: `${String(structured['status'])}: ${JSON.stringify(content)}` }
    } catch (error) {
      if (!(error instanceof McpError)) throw error
      // That one the SDK makes itself.
      return error.code === ErrorCode.RequestTimeout ? { kind: 'silent' } : { kind: 'told', words: error.message }
    } finally {
      this.#lastEventId = undefined
    }
  }

  /** What the SDK doesn't tell is which of its streams it has given up: this does nothing when it isn't that of the call. */
  async #takeUpAgain (transport: StreamableHTTPClientTransport): Promise<void> {
    if (this.#lastEventId === undefined || !this.#watched.isGivenUp(this.#lastEventId)) return
    for (let tries = 0; tries < this.#options.tries; tries++) {
      await sleep(PAUSE_MS, undefined, { signal: this.#options.signal })
      const token = this.#lastEventId
      if (token === undefined) return
      try {
        return await transport.resumeStream(token, { onresumptiontoken: (next) => { this.#lastEventId = next } })
      } catch (error) {
        this.#watched.note(`by hand: ${describe(error)}`)
      }
    }
  }
}

function isSessionGone (error: unknown): boolean {
  return Object(error).code === 404
}
