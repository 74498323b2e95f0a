/** Another server's answer isn't the JSON that it should be. */
export class AnswerError extends Error {
  readonly status: number

  constructor (url: URL, status: number, words: string) {
    super(`${url.href} ${words}`)
    this.name = 'AnswerError'
    this.status = status
  }
}

/**
 * Fetches a JSON document. Redirects aren't followed: where the keys of a server are must not depend on who answers.
 *
 * @throws {AnswerError} when the answer is no JSON
 * @throws {TypeError} when none comes
 */
export async function fetchJson (url: URL, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, { signal, redirect: 'manual', headers: { accept: 'application/json' } })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new AnswerError(url, response.status, `answered ${response.status}`)
  }
  const text = await response.text()
  try {
    const json: unknown = JSON.parse(text)
    return json
  } catch {
    // What the parser says would quote the answer.
    throw new AnswerError(url, response.status, 'answered something that isn\'t JSON')
  }
}
