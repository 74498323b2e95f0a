import { LIST_KINDS } from '../catalog.ts'
import { toNotification, type Change } from '../change.ts'
import { serialize } from '../json-rpc.ts'
import type { ClientWishes } from './client-wishes.ts'
import type { StandaloneStream } from './standalone-stream.ts'

/** Tells the client of a session what has changed, while it listens here, as far as it wants to know. */
export class Notices {
  readonly #stream: StandaloneStream
  readonly #wishes: ClientWishes

  constructor (stream: StandaloneStream, wishes: ClientWishes) {
    this.#stream = stream
    this.#wishes = wishes
  }

  tell (change: Change): void {
    if (!this.#stream.isOurs) return
    if ('resource' in change && !this.#wishes.subscriptions.has(change.resource)) return
    this.#stream.send(serialize({ jsonrpc: '2.0', ...toNotification(change) }))
  }

  /** A change that nobody was there to tell of may have been any. */
  tellOfEverything (): void {
    for (const list of LIST_KINDS) this.tell({ list })
    for (const resource of this.#wishes.subscriptions) this.tell({ resource })
  }
}
