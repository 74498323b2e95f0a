import { createParser } from 'eventsource-parser'
import type { Random } from '../../src/emulator/random.ts'
import { callTool, endSession, openSession, resume } from '../requests.ts'

/** What visitors did, and how often it went wrong. */
export interface Visits {
  sessions: number
  calls: number
  resumes: number
  failed: number
}

const LINES = 20
/** The numbers of their events, and that of the answer. */
const EVERY_NUMBER = Array.from({ length: LINES + 1 }, (_, index) => index + 1).join()

/** A client comes, makes a quick call and one whose connection breaks in the middle, comes back for the rest, and leaves; half of the time without a word. */
export async function visit (address: string, random: Random, visits: Visits): Promise<void> {
  try {
    const session = await openSession(address)
    visits.sessions++
    const echo = await callTool(address, session, 1, 'echo', { text: 'hello world' })
    expect((await echo.text()).includes('hello world'), 'no answer')
    visits.calls++

    const broken = new AbortController()
    const before = await read(await callTool(address, session, 2, 'recite', { lines: LINES }, broken.signal), random.integer(1, LINES))
    broken.abort()
    visits.resumes++
    const after = await read(await resume(address, session, before.at(-1) ?? ''))
    const numbers = [...before, ...after].map((id) => Number(id.split('.').at(-1)))
    expect(numbers.join() === EVERY_NUMBER, `events ${numbers.join()}`)
    visits.calls++
    if (random.chance(0.5)) await endSession(address, session)
  } catch (error) {
    visits.failed++
    console.error(error)
  }
}

/** The ids of the messages on a stream, or of so many of them. */
async function read ({ status, body }: Response, limit = Infinity): Promise<string[]> {
  expect(status === 200 && body !== null, `status ${status}`)
  const ids: string[] = []
  const parser = createParser({ onEvent: ({ id, data }) => { if (data !== '' && ids.length < limit) ids.push(id ?? '') } })
  if (body === null) return ids
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    parser.feed(text)
    if (ids.length >= limit) break
  }
  return ids
}

function expect (isRight: boolean, words: string): void {
  if (!isRight) throw new Error(words)
}
