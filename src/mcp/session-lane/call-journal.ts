import type { EventLog, StreamKey, StreamRecord } from '../../store/event-log.ts'
import { isObject, type RequestId } from '../json-rpc.ts'
import { OperationAborted, ToolError } from '../operation.ts'
import { requestsOf } from './picked-up.ts'
import type { StreamsOptions } from './streams.ts'

/** What a client answered to a question: its result, or that it was none. */
export type Answer = { result: unknown } | { error: true }

/**
 * What is noted of the calls of one POST, so that another process can go on with them when this one dies:
 * what was done that must happen only once, what was asked, and what the client answered.
 */
export class CallJournal {
  readonly #key: StreamKey
  readonly #log: EventLog
  /** Who works on the call: nothing is done any more when somebody else does. */
  readonly #writer: string
  readonly #onStoreError: (error: unknown) => void
  readonly #notes: Map<string, string>
  readonly #waiting = new Map<string, (answer: Answer) => void>()

  /** @param notes what was noted before */
  constructor (key: StreamKey, { log, replica, onStoreError }: StreamsOptions, notes: Readonly<Record<string, string>> = {}) {
    this.#key = key
    this.#log = log
    this.#writer = replica
    this.#onStoreError = onStoreError
    this.#notes = new Map(Object.entries(notes))
  }

  /**
   * Does the work, unless it was done before, be it by another process.
   *
   * @param isRepeatable whether it does no harm to do it again when a process died while it did it
   * @throws {ToolError} when a process died while it did it: nobody knows how far it came
   * @throws {StoreError}
   */
  async once<Result> (name: string, work: () => Promise<Result>, isRepeatable: boolean): Promise<Result> {
    const deed = this.#read(`deed/${name}`)
    if (isObject(deed)) {
      if (deed['isDone'] !== true) throw unknownEffect()
      // It was put there by this very call.
      return deed['result'] as Result
    }
    if (!isRepeatable) await this.#note(`deed/${name}`, { isDone: false })
    let result: Result
    try {
      result = await work()
    } catch (error) {
      // What failed was not done.
      if (!isRepeatable) await this.#note(`deed/${name}`, null)
      throw error
    }
    try {
      await this.#note(`deed/${name}`, { isDone: true, result })
    } catch (error) {
      // It was done: whoever waits for it gets it, though nobody else could go on with it.
      if (error instanceof OperationAborted) throw error
      this.#onStoreError(error)
    }
    return result
  }

  /** Notes that a question is asked. Resolves to whether it's asked for the first time. */
  async ask (name: string): Promise<boolean> {
    if (this.#notes.has(`asked/${name}`)) return false
    await this.#note(`asked/${name}`, true)
    return true
  }

  /** Resolves to the answer to a question as soon as it's known. */
  async answerTo (name: string, signal: AbortSignal): Promise<Answer> {
    const known = toAnswer(this.#read(`answer/${name}`))
    if (known !== undefined) return known
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(name)
        reject(signal.reason)
      }
      if (signal.aborted) return leave()
      signal.addEventListener('abort', leave, { once: true })
      this.#waiting.set(name, (answer) => {
        this.#waiting.delete(name)
        signal.removeEventListener('abort', leave)
        resolve(answer)
      })
    })
  }

  /**
   * The client has answered a question here; the first answer counts. Whoever waits for it gets it also when it can't be noted.
   *
   * @throws {StoreError}
   */
  async take (name: string, answer: Answer): Promise<void> {
    if (!this.#notes.has(`asked/${name}`) || this.#notes.has(`answer/${name}`)) return
    try {
      await this.#note(`answer/${name}`, answer)
    } finally {
      this.learn({ [`answer/${name}`]: JSON.stringify(answer) })
    }
  }

  /** Takes in what was noted, be it elsewhere. */
  learn (notes: Readonly<Record<string, string>>): void {
    for (const [name, note] of Object.entries(notes)) {
      this.#notes.set(name, note)
      const answer = name.startsWith('answer/') ? toAnswer(this.#read(name)) : undefined
      if (answer !== undefined) this.#waiting.get(name.slice('answer/'.length))?.(answer)
    }
  }

  #read (name: string): unknown {
    const note = this.#notes.get(name)
    return note === undefined ? undefined : JSON.parse(note)
  }

  async #note (name: string, value: unknown): Promise<void> {
    const note = JSON.stringify(value)
    if (!await this.#log.note(this.#key, name, note, this.#writer)) throw new OperationAborted('moved')
    this.learn({ [name]: note })
  }
}

/**
 * Takes the answer to a question in, from whichever process asked it; the first one counts. Resolves to whether there is such a question.
 *
 * @throws {StoreError}
 */
export async function noteAnswer (log: EventLog, key: StreamKey, name: string, answer: Answer): Promise<boolean> {
  const record = await log.record(key)
  if (record === undefined || record.notes[`asked/${name}`] === undefined || record.notes[`answer/${name}`] !== undefined) return false
  return log.note(key, `answer/${name}`, JSON.stringify(answer))
}

/**
 * Takes the cancel of a request in that runs elsewhere, or nowhere because its process died.
 *
 * @throws {StoreError}
 */
export async function noteCancel (log: EventLog, session: string, id: RequestId): Promise<void> {
  for (const record of await log.calls(session)) {
    if (requestsOf(record).some((request) => request.id === id)) await log.note(record, cancelName(id), 'true')
  }
}

export function isCancelled ({ notes }: StreamRecord, id: RequestId): boolean {
  return notes[cancelName(id)] !== undefined
}

/** Whether a client has answered a question. */
export function isAnswered ({ notes }: StreamRecord, name: string): boolean {
  return notes[`answer/${name}`] !== undefined
}

/** Whether a client was asked something that it hasn't answered. */
export function waitsForAnswer (record: StreamRecord): boolean {
  return Object.keys(record.notes).some((note) => note.startsWith('asked/') && !isAnswered(record, note.slice('asked/'.length)))
}

function cancelName (id: RequestId): string {
  return `cancelled/${JSON.stringify(id)}`
}

function toAnswer (value: unknown): Answer | undefined {
  if (!isObject(value)) return undefined
  return 'result' in value ? { result: value['result'] } : { error: true }
}

function unknownEffect (): ToolError {
  return new ToolError('The server stopped in the middle of this call, and whether what it was doing took effect isn\'t known. Look before you call again.')
}
