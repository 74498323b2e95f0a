import { parseDuration } from '../../src/config/units.ts'

/** Every key whose value is a duration, and how short it may become, in milliseconds: a busy machine can't be scraped without pause. */
const SHORTEST_MS = new Map([
  ['scrape_interval', 500],
  ['scrape_timeout', 500],
  ['evaluation_interval', 500],
  ['for', 1],
  ['group_wait', 1],
  ['group_interval', 1],
  ['repeat_interval', 1]
])

/** The window of a rate, as in `[5m]`. */
const WINDOW = /\[(\d+\w+)\]/g

/** A number of seconds to which an age is compared, as in `time() - since > 300`. */
const AGE = /(?<=\btime\(\) - .* > )\d+/g

/**
 * The same configuration or rules with all durations divided, so that an alert which takes minutes can be seen within seconds.
 * Names, labels and words stay, though `5m` may be a part of them. Thresholds stay, too: a request takes as long as ever.
 */
export function accelerate (content: unknown, speed: number): unknown {
  if (speed === 1) return content
  return JSON.parse(JSON.stringify(content), (key, value: unknown) => {
    if (typeof value !== 'string') return value
    if (key === 'expr') return value.replace(WINDOW, (_, window: string) => `[${shorten(window, speed)}]`).replace(AGE, (seconds) => String(Number(seconds) / speed))
    const shortestMs = SHORTEST_MS.get(key)
    return shortestMs === undefined ? value : shorten(value, speed, shortestMs)
  })
}

function shorten (duration: string, speed: number, shortestMs = 1): string {
  const ms = parseDuration(duration)
  if (ms === null) throw new Error(`This is no duration: ${duration}`)
  return `${Math.max(Math.round(ms / speed), shortestMs)}ms`
}
