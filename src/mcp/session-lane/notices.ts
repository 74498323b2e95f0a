import type { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { LIST_KINDS } from '../catalog.ts'
import { toNotification, type Change } from '../change.ts'
import type { ClientWishes } from './client-wishes.ts'
import type { StandaloneStream } from './standalone-stream.ts'

/** Tells the client of a session what has changed, while it listens here, as far as it wants to know. */
export class Notices {
  readonly #server: Server
  readonly #stream: StandaloneStream
  readonly #wishes: ClientWishes
  readonly #onFault: (words: string) => void

  constructor (server: Server, stream: StandaloneStream, wishes: ClientWishes, onFault: (words: string) => void) {
    this.#server = server
    this.#stream = stream
    this.#wishes = wishes
    this.#onFault = onFault
  }

  async tell (change: Change): Promise<void> {
    if (!this.#stream.isOurs) return
    if ('resource' in change && !this.#wishes.subscriptions.has(change.resource)) return
    await this.#server.notification(toNotification(change))
  }

  /** A change that nobody was there to tell of may have been any. */
  tellOfEverything (): void {
    const changes: Change[] = [
      ...LIST_KINDS.map((list) => ({ list })),
      ...[...this.#wishes.subscriptions].map((resource) => ({ resource }))
    ]
    for (const change of changes) this.tell(change).catch(() => { this.#onFault('a change could not be told') })
  }
}
