import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { constants, existsSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, renameSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { LineOutput, LogFile } from '../../src/log-file.ts'
import { requireProgram } from '../fixtures/programs.ts'

/** A line of exactly 10 bytes. */
const line = (number: number) => `line ${String(number).padStart(4, '0')}\n`

function open (t: Test, file: string, options: { maxSizeBytes?: number, maxFiles?: number } = {}): LogFile {
  const log = new LogFile({ file, maxSizeBytes: 20, maxFiles: 3, ...options })
  t.teardown(() => { log.close() })
  return log
}

/** What is in each file of a folder. */
function contents (folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).sort().map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]))
}

t.test('the named file is the newest, older ones are numbered, and the oldest go', async (t) => {
  const folder = t.testdir()
  const log = open(t, path.join(folder, 'server.log'))
  for (let number = 1; number <= 9; number++) log.write(line(number))
  t.same(contents(folder), {
    'server.log': line(9),
    'server.log.1': line(7) + line(8),
    'server.log.2': line(5) + line(6)
  })
})

t.test('one file is enough', async (t) => {
  const folder = t.testdir()
  const log = open(t, path.join(folder, 'server.log'), { maxFiles: 1 })
  for (let number = 1; number <= 3; number++) log.write(line(number))
  t.same(contents(folder), { 'server.log': line(3) })
})

t.test('exists from the start, in a folder that did not', async (t) => {
  const folder = path.join(t.testdir(), 'a', 'b')
  open(t, path.join(folder, 'server.log'))
  t.same(contents(folder), { 'server.log': '' })
})

t.test('goes on in the file of an earlier start, whose size counts', async (t) => {
  const folder = t.testdir({ 'server.log': line(1) })
  const log = open(t, path.join(folder, 'server.log'))
  log.write(line(2))
  log.write(line(3))
  t.same(contents(folder), { 'server.log': line(3), 'server.log.1': line(1) + line(2) })
})

t.test('counts bytes, not characters', async (t) => {
  const folder = t.testdir()
  const log = open(t, path.join(folder, 'server.log'))
  log.write('äöüäöüä\n')
  log.write(line(2))
  t.same(contents(folder), { 'server.log': line(2), 'server.log.1': 'äöüäöüä\n' })
})

t.test('a line that is larger than the limit gets a file of its own', async (t) => {
  const folder = t.testdir()
  const log = open(t, path.join(folder, 'server.log'))
  const long = `${'x'.repeat(50)}\n`
  log.write(long)
  log.write(line(2))
  t.same(contents(folder), { 'server.log': line(2), 'server.log.1': long })
})

t.test('a line that a crash left half does not swallow the next one', async (t) => {
  const folder = t.testdir({ 'server.log': 'hal' })
  const log = open(t, path.join(folder, 'server.log'))
  log.write(line(2))
  t.same(contents(folder), { 'server.log': `hal\n${line(2)}` })
})

t.test('removes the files that a smaller limit leaves over, and no others', async (t) => {
  const folder = t.testdir({ 'server.log': line(6) + line(7), 'server.log.1': 'b', 'server.log.2': 'c', 'server.log.3': 'd', 'server.log.4': 'e', 'server.log.gz': 'f' })
  const log = open(t, path.join(folder, 'server.log'))
  log.write(line(8))
  t.same(Object.keys(contents(folder)), ['server.log', 'server.log.1', 'server.log.2', 'server.log.gz'])
})

t.test('fills the gap that a kill in the middle of renaming left', async (t) => {
  const folder = t.testdir({ 'server.log': line(1) + line(2), 'server.log.2': 'old' })
  const log = open(t, path.join(folder, 'server.log'))
  log.write(line(3))
  t.same(contents(folder), { 'server.log': line(3), 'server.log.1': line(1) + line(2), 'server.log.2': 'old' })
})

t.test('goes on when somebody has removed the file', async (t) => {
  const folder = t.testdir({ 'server.log.1': 'old' })
  const file = path.join(folder, 'server.log')
  const log = open(t, file)
  log.write(line(1))
  log.write(line(2))
  rmSync(file)
  log.write(line(3))
  t.same(contents(folder), { 'server.log': line(3), 'server.log.1': 'old' })
})

t.test('opens the file anew after it was moved away', async (t) => {
  const folder = t.testdir()
  const file = path.join(folder, 'server.log')
  const log = open(t, file)
  log.write(line(1))
  renameSync(file, path.join(folder, 'moved'))
  log.write(line(2))
  log.reopen()
  log.write(line(3))
  t.same(contents(folder), { moved: line(1) + line(2), 'server.log': line(3) })
})

t.test('keeps the old file while the new one can not be opened', async (t) => {
  const folder = t.testdir()
  const file = path.join(folder, 'server.log')
  const log = open(t, file)
  renameSync(file, path.join(folder, 'moved'))
  mkdirSync(file)
  log.reopen()
  log.write(line(1))
  t.equal(readFileSync(path.join(folder, 'moved'), 'utf8'), line(1))
})

t.test('can not be opened', async (t) => {
  const folder = t.testdir({ file: '', folder: {} })
  for (const [file, reason] of [
    [path.join(folder, 'folder'), /not a plain file/],
    [path.join(folder, 'file', 'server.log'), /ENOTDIR/],
    ['/dev/null', /not a plain file/],
    ['/proc/server.log', /ENOENT|EACCES/]
  ] as const) {
    t.throws(() => new LogFile({ file, maxSizeBytes: 20, maxFiles: 3 }), { name: 'LogFileError', code: 'LOG_FILE_UNWRITABLE', message: reason }, file)
  }
  t.ok(statSync('/dev/null').isCharacterDevice())
})

t.test('says once that the file can not be put aside, and lets it grow until it can', async (t) => {
  const folder = t.testdir({ 'server.log.1': {} })
  const file = path.join(folder, 'server.log')
  const writer = startWriter(t, [file, '1000', '2'])
  await writer.write(20)
  await writer.write(20)
  t.match(writer.complaints, [/server\.log can't be put aside \(EISDIR/])
  t.equal(writer.complaints.length, 1)
  t.same(numbersIn([file]), range(1, 40))

  rmSync(`${file}.1`, { recursive: true })
  await writer.write(1)
  t.same(numbersIn([`${file}.1`, file]), range(1, 41))
  t.same(numbersIn([file]), [41])
})

t.test('a full disk loses lines, says so once, and leaves none half', async (t) => {
  const prlimit = await requireProgram(t, 'prlimit')
  if (prlimit === null) return
  const file = path.join(t.testdir(), 'server.log')
  // A limit on the size of files is what a disk without space is: it takes the beginning of a line, and then nothing.
  const writer = startWriter(t, [file, '1000000', '2'], [prlimit, '--fsize=8000:'])
  await writer.write(30)
  await writer.write(100)
  await writer.write(100)
  t.match(writer.complaints, [/server\.log can't be written \(EFBIG/])
  t.equal(writer.complaints.length, 1)
  t.equal(statSync(file).size, 8000)
  t.not(readFileSync(file, 'utf8').at(-1), '\n', 'the last line is half')

  t.equal(spawnSync(prlimit, ['--pid', String(writer.child.pid), '--fsize=unlimited']).status, 0)
  await writer.write(10)
  const numbers = numbersIn([file])
  const [lost] = /\d+$/.exec(writer.complaints.at(-1) ?? '') ?? []
  t.match(writer.complaints[1], /server\.log can be written again/)
  t.equal(numbers.length, 240 - Number(lost))
  t.same(numbers, [...range(1, 230 - Number(lost)), ...range(231, 240)])
  writer.child.stdin.end()
  await once(writer.child, 'close')
  t.same(numbersOf(writer.stdout), range(1, 240), 'stdout has them all')
})

t.test('a full disk does not keep a full file from being put aside', async (t) => {
  const prlimit = await requireProgram(t, 'prlimit')
  if (prlimit === null) return
  const file = path.join(t.testdir(), 'server.log')
  const writer = startWriter(t, [file, '8100', '2'], [prlimit, '--fsize=8000:'])
  await writer.write(60)
  t.match(writer.complaints, [/can't be written/, /can be written again; lines lost meanwhile: 1$/])
  t.same(numbersIn([`${file}.1`]).length + numbersIn([file]).length, 59)
})

t.test('a reader that is too slow gets whole lines only', async (t) => {
  const fifo = path.join(t.testdir(), 'fifo')
  t.equal(spawnSync('mkfifo', [fifo]).status, 0)
  const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
  const output = new LineOutput(fd, 'the slow pipe of this test')
  const long = (number: number) => `${number} ${'x'.repeat(10_000)}\n`
  const written = range(1, 12).filter((number) => output.write(long(number)))
  t.ok(written.length < 12)

  let read = drain(fd)
  t.not(read.at(-1), '\n', 'the last line is half')
  t.equal(output.write(long(13)), true)
  read += drain(fd)
  t.same(read, [...written, 13].map(long).join(''))
})

function range (first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

function drain (fd: number): string {
  const buffer = Buffer.alloc(1_000_000)
  return buffer.toString('utf8', 0, readSync(fd, buffer))
}

/** The numbers of the lines in files, oldest file first. Throws when a line is broken. */
function numbersIn (files: string[]): number[] {
  return numbersOf(files.flatMap((file) => existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []))
}

function numbersOf (lines: string[]): number[] {
  return lines.map((line) => (JSON.parse(line) as { n: number }).n)
}

interface Writer {
  child: ChildProcessWithoutNullStreams
  stdout: string[]
  /** What it said on stderr. */
  complaints: string[]
  write (lines: number): Promise<void>
}

/** The logger in a process of its own, told when to write. `limit` is a program that runs it. */
function startWriter (t: Test, args: string[], limit: string[] = []): Writer {
  const writer = path.join(import.meta.dirname, '..', 'fixtures', 'log-writer.ts')
  // tap adds itself to the environment of every child, and there it would end at the signal of the limit.
  const child = spawn('env', ['-i', ...limit, process.execPath, writer, ...args])
  t.teardown(() => { child.kill('SIGKILL') })
  const stdout: string[] = []
  const complaints: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => { stdout.push(line) })
  const stderr = createInterface({ input: child.stderr })
  const progress = { ordered: 0, written: 0 }
  stderr.on('line', (line) => {
    if (/^\d+$/.test(line)) progress.written = Number(line)
    else complaints.push(line)
  })
  return {
    child,
    stdout,
    complaints,
    write: async (lines) => {
      progress.ordered += lines
      child.stdin.write(`${lines}\n`)
      while (progress.written < progress.ordered) await once(stderr, 'line')
    }
  }
}
