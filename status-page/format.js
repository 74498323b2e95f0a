const whole = new Intl.NumberFormat('en')
const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 })

/** @param {number} value */
export function count (value) {
  return whole.format(value)
}

/**
 * With two digits that count, or all of those before the point.
 *
 * @param {number} value
 */
export function rate (value) {
  return value >= 10 ? whole.format(Math.round(value)) : short.format(value)
}

/** @param {number | null} seconds */
export function latency (seconds) {
  if (seconds === null) return '–'
  if (seconds === 0) return '0'
  if (seconds < 0.01) return `${short.format(seconds * 1000)} ms`
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  return seconds < 60 ? `${short.format(seconds)} s` : duration(seconds)
}

/** @param {number} seconds */
export function duration (seconds) {
  const total = Math.max(0, Math.floor(seconds))
  const [days, hours, minutes] = [Math.floor(total / 86_400), Math.floor(total / 3600) % 24, Math.floor(total / 60) % 60]
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${total % 60} s` : `${total} s`
}

/**
 * How long ago, in seconds.
 *
 * @param {number} seconds
 */
export function ago (seconds) {
  return seconds < 1 ? 'just now' : `${duration(seconds)} ago`
}

/** @param {number} bytes */
export function size (bytes) {
  const mebibytes = bytes / 2 ** 20
  return mebibytes < 1024 ? `${Math.round(mebibytes)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`
}
