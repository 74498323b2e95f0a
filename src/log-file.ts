import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'
import { makeFolder } from './make-folder.ts'

/** How long a line waits for a slow reader of a pipe that doesn't block, and between two tries. */
const PATIENCE_MS = 1000
const PAUSE_MS = 5

const NOTHING = Buffer.alloc(0)

/** The log file can't be opened. The message has the path and the system's reason. */
export class LogFileError extends Error {
  readonly code = 'LOG_FILE_UNWRITABLE'

  constructor (file: string, cause: unknown) {
    super(`The log file ${file} can't be written (${reasonOf(cause)})`, { cause })
    this.name = 'LogFileError'
  }
}

/**
 * Gives whole lines to a file descriptor, at once, and never throws: a log that can't be written must not stop what it tells about.
 * What goes wrong is said on stderr once, and once more when it's over.
 */
export class LineOutput {
  readonly #name: string
  #fd: number
  /** End of a line whose beginning was written before the disk was full. It comes first when there is space again. */
  #rest: Buffer = NOTHING
  #isFailing = false
  #lostLines = 0

  constructor (fd: number, name: string) {
    this.#fd = fd
    this.#name = name
  }

  /** @returns false when the line is lost */
  write (line: string): boolean {
    const begun = this.#rest.length
    const bytes = begun === 0 ? Buffer.from(line) : Buffer.concat([this.#rest, Buffer.from(line)])
    let taken = 0
    try {
      while (taken < bytes.length) taken += this.#writeSome(bytes, taken)
      this.#rest = NOTHING
      this.#recover()
      return true
    } catch (error) {
      const isLost = taken <= begun
      this.#rest = bytes.subarray(taken, isLost ? begun : bytes.length)
      if (isLost) this.#lostLines++
      this.#fail(error)
      return !isLost
    }
  }

  /** From now on lines go to another descriptor, after `first`. This is the last try to complete a line in the old one. */
  moveTo (fd: number, first: string): void {
    if (this.#rest.length > 0) this.write('')
    this.#fd = fd
    this.#rest = Buffer.from(first)
  }

  #writeSome (bytes: Buffer, offset: number): number {
    for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
      try {
        return writeSync(this.#fd, bytes, offset)
      } catch (error) {
        if (this.#isFailing || waitedMs >= PATIENCE_MS || !isBusy(error)) throw error
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
    }
  }

  #fail (error: unknown): void {
    if (this.#isFailing) return
    this.#isFailing = true
    tell(`${this.#name} can't be written (${reasonOf(error)}); its lines are lost until it can`)
  }

  #recover (): void {
    if (!this.#isFailing) return
    tell(`${this.#name} can be written again; lines lost meanwhile: ${this.#lostLines}`)
    this.#isFailing = false
    this.#lostLines = 0
  }
}

export interface LogFileOptions {
  file: string
  /** Size that no file exceeds, unless a single line does. */
  maxSizeBytes: number
  /** Files that are kept: `file` itself, and `file.1` (newest) to `file.<maxFiles - 1>`. */
  maxFiles: number
}

/**
 * A file that is put aside by renaming it when it's full, so that whoever follows it can read it to its end.
 * Lines are written at once: nothing is lost when the process is killed. One process per file.
 *
 * @throws {LogFileError} when the file can't be opened; later faults are only told on stderr
 */
export class LogFile {
  readonly #file: string
  readonly #maxSizeBytes: number
  readonly #maxFiles: number
  readonly #output: LineOutput
  #fd: number
  #sizeBytes: number
  #isStuck = false

  constructor ({ file, maxSizeBytes, maxFiles }: LogFileOptions) {
    this.#file = path.resolve(file)
    this.#maxSizeBytes = maxSizeBytes
    this.#maxFiles = maxFiles
    const { fd, sizeBytes, first } = openLog(this.#file)
    this.#fd = fd
    this.#sizeBytes = sizeBytes
    this.#output = new LineOutput(fd, `The log file ${this.#file}`)
    this.#output.moveTo(fd, first)
  }

  write (line: string): void {
    const bytes = Buffer.byteLength(line)
    if (this.#sizeBytes > 0 && this.#sizeBytes + bytes > this.#maxSizeBytes) this.#rotate()
    if (this.#output.write(line)) this.#sizeBytes += bytes
  }

  /** Opens the file by its name, after somebody else has moved it away. Until that works the old one is written. */
  reopen (): void {
    try {
      this.#openAnew()
    } catch (error) {
      tell(error instanceof LogFileError ? error.message : reasonOf(error))
    }
  }

  close (): void {
    closeSync(this.#fd)
  }

  #rotate (): void {
    try {
      if (existsSync(this.#file)) this.#putAside()
      this.#openAnew()
      this.#isStuck = false
    } catch (error) {
      // Better a file that is too big than a line that is lost.
      if (!this.#isStuck) tell(`The log file ${this.#file} can't be put aside (${reasonOf(error)}); it grows until it can`)
      this.#isStuck = true
    }
  }

  #putAside (): void {
    const last = this.#maxFiles - 1
    // More than that are there when LOG_MAX_FILES was higher before.
    for (let number = last + 1; existsSync(this.#numbered(number)); number++) rmSync(this.#numbered(number))
    // Only up to the first gap, so that another try after a failed one pushes nothing out.
    let free = 1
    while (free < last && existsSync(this.#numbered(free))) free++
    for (let number = Math.min(free, last); number > 0; number--) renameSync(this.#numbered(number - 1), this.#numbered(number))
    if (last === 0) rmSync(this.#file)
  }

  #numbered (number: number): string {
    return number === 0 ? this.#file : `${this.#file}.${number}`
  }

  #openAnew (): void {
    const old = this.#fd
    const { fd, sizeBytes, first } = openLog(this.#file)
    this.#output.moveTo(fd, first)
    this.#fd = fd
    this.#sizeBytes = sizeBytes
    closeSync(old)
  }
}

interface OpenLog {
  fd: number
  sizeBytes: number
  /** What must be written first: the end of a line that somebody left half. */
  first: string
}

function openLog (file: string): OpenLog {
  try {
    makeFolder(path.dirname(file))
    // Devices and pipes can't be renamed away, and opening a pipe waits for a reader.
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) throw new Error('it is not a plain file')
    const fd = openSync(file, 'a+')
    const sizeBytes = fstatSync(fd).size
    return { fd, sizeBytes, first: sizeBytes > 0 && lastByte(fd, sizeBytes) !== '\n' ? '\n' : '' }
  } catch (error) {
    throw new LogFileError(file, error)
  }
}

function lastByte (fd: number, sizeBytes: number): string {
  const byte = Buffer.alloc(1)
  readSync(fd, byte, 0, 1, sizeBytes - 1)
  return byte.toString('latin1')
}

function isBusy (error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN'
}

function reasonOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** `process.stderr` would turn a closed pipe into an event that ends the process. */
function tell (words: string): void {
  try {
    writeSync(2, `${words}\n`)
  } catch {
    // There is nobody left to tell.
  }
}
