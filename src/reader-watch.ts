import type { Socket } from 'node:net'

/** Who took nothing for so long isn't reading just now. */
const PAUSE_MS = 1000

export interface ReaderWatchOptions {
  /** How long a client may take nothing of what waits for it. */
  patienceMs: number
  /** How much may wait for all those together who took nothing for a second; beyond it those for whom most waits are cut. */
  limitBytes: number
  /** Between two looks. */
  everyMs: number
  /** Called with each connection that is cut, and why. */
  onCut: (reason: 'stalled' | 'crowd') => void
}

/** How much of what was written had been taken at the last look, and since when nothing more was. */
interface Progress {
  finishedBytes: number
  queuedBytes: number | undefined
  since: number
}

/**
 * Cuts connections whose client doesn't take what waits for it, which takes memory. A socket's own timeout wouldn't do:
 * each byte that the client sends begins it anew.
 */
export class ReaderWatch {
  readonly #options: ReaderWatchOptions
  readonly #sockets = new Map<Socket, Progress | null>()
  #timer: NodeJS.Timeout | undefined

  constructor (options: ReaderWatchOptions) {
    this.#options = options
  }

  start (): void {
    this.#timer = setInterval(() => { this.#look() }, this.#options.everyMs)
    this.#timer.unref()
  }

  stop (): void {
    clearInterval(this.#timer)
  }

  /** From now on until it closes. */
  add (socket: Socket): void {
    if (this.#sockets.has(socket)) return
    this.#sockets.set(socket, null)
    socket.once('close', () => { this.#sockets.delete(socket) })
  }

  #look (): void {
    const now = performance.now()
    const waiting: Socket[] = []
    for (const [socket, before] of this.#sockets) {
      if (socket.writableLength === 0) {
        if (before !== null) this.#sockets.set(socket, null)
        continue
      }
      const finishedBytes = socket.bytesWritten - socket.writableLength
      const queuedBytes = queueOf(socket)
      if (before === null || before.finishedBytes !== finishedBytes || before.queuedBytes !== queuedBytes) {
        this.#sockets.set(socket, { finishedBytes, queuedBytes, since: now })
      } else if (now - before.since >= this.#options.patienceMs) {
        this.#cut(socket, 'stalled')
      } else if (now - before.since >= PAUSE_MS) {
        waiting.push(socket)
      }
    }
    this.#thin(waiting)
  }

  #thin (waiting: Socket[]): void {
    let bytes = waiting.reduce((sum, { writableLength }) => sum + writableLength, 0)
    if (bytes <= this.#options.limitBytes) return
    for (const socket of waiting.sort((a, b) => b.writableLength - a.writableLength)) {
      if (bytes <= this.#options.limitBytes) return
      bytes -= socket.writableLength
      this.#cut(socket, 'crowd')
    }
  }

  #cut (socket: Socket, reason: 'stalled' | 'crowd'): void {
    this.#options.onCut(reason)
    socket.destroy()
  }
}

/**
 * What the system hasn't taken of the write that is under way, which can be of megabytes. Undocumented, but what Node's own timeout looks at;
 * without it only whole writes count as progress.
 */
function queueOf (socket: Socket): number | undefined {
  const size: unknown = Object(Reflect.get(socket, '_handle')).writeQueueSize
  return typeof size === 'number' ? size : undefined
}
