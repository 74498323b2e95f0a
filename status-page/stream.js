/** @import { Greeting, Snapshot } from '../plugins/status/snapshot.ts' */

/**
 * @typedef {object} Watcher
 * @property {(greeting: Greeting) => void} onGreeting
 * @property {(snapshot: Snapshot) => void} onSnapshot
 * @property {() => void} onLost the connection, which is tried again
 * @property {(waitSeconds: number) => void} onRefused nobody looks at a token for so long
 * @property {(isWrong: boolean) => Promise<string>} askForToken `isWrong` when one was refused
 */

/** A snapshot comes each second: this is silence. */
const SILENCE_MS = 6000
const RETRY_MS = 1000
const LONGEST_RETRY_MS = 8000

/**
 * Follows the state of the server for as long as the page is open, over all that cuts the connection. EventSource
 * couldn't bring a token.
 *
 * @param {string | null} token
 * @param {Watcher} watcher
 */
export async function follow (token, watcher) {
  let tries = 0
  for (;;) {
    const [status, retryAfterSeconds] = await read(token, watcher, () => { tries = 0 })
    if (status === 401) {
      token = await watcher.askForToken(token !== null)
      continue
    }
    const waitMs = status === 429 ? retryAfterSeconds * 1000 : Math.min(RETRY_MS * 2 ** tries++, LONGEST_RETRY_MS)
    if (status === 429) watcher.onRefused(retryAfterSeconds)
    else watcher.onLost()
    // Not all pages at the same moment.
    await pause(waitMs * (1 + Math.random() / 4))
    await untilVisible()
  }
}

/**
 * Reads one stream to its end. Resolves to the status of the answer, 0 when none came, and to when to come again.
 *
 * @param {string | null} token
 * @param {Watcher} watcher
 * @param {() => void} onEvent
 * @returns {Promise<[status: number, retryAfterSeconds: number]>}
 */
async function read (token, watcher, onEvent) {
  const connection = new AbortController()
  let silence = setTimeout(() => { connection.abort() }, SILENCE_MS)
  let status = 0
  try {
    const headers = token === null ? undefined : { authorization: `Bearer ${token}` }
    const response = await fetch('status/events', { cache: 'no-store', signal: connection.signal, ...(headers && { headers }) })
    status = response.status
    if (!response.ok || response.body === null) return [status, Number(response.headers.get('retry-after') ?? 60)]
    let text = ''
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      clearTimeout(silence)
      silence = setTimeout(() => { connection.abort() }, SILENCE_MS)
      const events = (text + chunk).split('\n\n')
      text = events.pop() ?? ''
      for (const event of events) {
        onEvent()
        tell(event, watcher)
      }
    }
  } catch (error) {
    // A connection that breaks is one that has ended; the loop above goes on in both cases.
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error
  } finally {
    clearTimeout(silence)
  }
  return [status, 0]
}

/**
 * @param {string} event
 * @param {Watcher} watcher
 */
function tell (event, { onGreeting, onSnapshot }) {
  const [, name, data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? []
  if (name === 'greeting') onGreeting(JSON.parse(data))
  if (name === 'snapshot') onSnapshot(JSON.parse(data))
}

/** @param {number} ms */
async function pause (ms) {
  await new Promise((resolve) => { setTimeout(resolve, ms) })
}

/** Nobody has to know what happens behind a page that isn't looked at. */
async function untilVisible () {
  if (document.visibilityState === 'visible') return
  await new Promise((resolve) => { document.addEventListener('visibilitychange', resolve, { once: true }) })
}
