import { ErrorCode, ProtocolError } from '../json-rpc.ts'
import { CatalogError } from './schema.ts'

/** Most workspaces fit into one page, for clients that read no further. */
const PAGE_SIZE = 250

export interface Page<Listed> {
  items: Listed[]
  nextCursor?: string
}

/** Things of one kind, each with a name of its own, in the order in which they came. */
export class Registry<Item extends { readonly listed: unknown }> {
  readonly #items = new Map<string, Item>()
  /** Those that were asked for since the last change, by where they begin. */
  readonly #pages = new Map<number, Page<Item['listed']>>()
  readonly #kind: string
  readonly #onChange: () => void

  /**
   * @param kind what the things are, for errors
   * @param onChange something was added or removed
   */
  constructor (kind: string, onChange: () => void) {
    this.#kind = kind
    this.#onChange = () => {
      this.#pages.clear()
      onChange()
    }
  }

  /** @throws {CatalogError} when the name is taken */
  add (name: string, item: Item): void {
    if (this.#items.has(name)) throw new CatalogError(`A ${this.#kind} named "${name}" is registered already`)
    this.#items.set(name, item)
    this.#onChange()
  }

  /** @returns whether there was one */
  remove (name: string): boolean {
    const existed = this.#items.delete(name)
    if (existed) this.#onChange()
    return existed
  }

  get (name: string): Item | undefined {
    return this.#items.get(name)
  }

  get names (): string[] {
    return [...this.#items.keys()]
  }

  find (matches: (item: Item) => boolean): Item | undefined {
    return this.#items.values().find(matches)
  }

  /**
   * What clients see of the things, a page at a time. A cursor names the last thing that was seen. The same page is the same object,
   * until something changes.
   *
   * @throws {ProtocolError} when it is there no more, or the cursor was never given out
   */
  page (cursor: unknown): Page<Item['listed']> {
    const first = cursor === undefined ? this.#pages.get(0) : undefined
    if (first !== undefined) return first
    const { names } = this
    const start = cursor === undefined ? 0 : names.indexOf(Buffer.from(String(cursor), 'base64url').toString()) + 1
    if (start === 0 && cursor !== undefined) throw new ProtocolError(ErrorCode.InvalidParams, 'Invalid cursor: the list has changed; begin again without one')
    const known = this.#pages.get(start)
    if (known !== undefined) return known
    const last = names[start + PAGE_SIZE - 1]
    const page = {
      items: [...this.#items.values().drop(start).take(PAGE_SIZE).map(({ listed }) => listed)],
      ...(last === undefined || start + PAGE_SIZE === names.length ? {} : { nextCursor: Buffer.from(last).toString('base64url') })
    }
    // Whoever makes cursors up could have a page begin anywhere.
    if (start % PAGE_SIZE === 0) this.#pages.set(start, page)
    return page
  }
}
