export interface CpuUsage {
  /**
   * CPU time of all threads, user and system, in the last full window, in percent of ONE core: a saturated event loop is about 100,
   * busy threads beside it make it more. 0 until the first window is full.
   */
  readonly percent: number
  stop (): void
}

/**
 * Measures the CPU time of this process, window by window, until it is stopped. Whoever reads it, and how often, changes nothing:
 * the usage since the last reading would be wrong as soon as there are two readers.
 *
 * @param windowMs length of a window in milliseconds; a busy event loop makes it longer, not wrong
 */
export function sampleCpuUsage (windowMs = 1000): CpuUsage {
  let percent = 0
  let before = process.cpuUsage()
  let since = performance.now()
  const timer = setInterval(() => {
    const usage = process.cpuUsage()
    const now = performance.now()
    const usedMs = (usage.user - before.user + usage.system - before.system) / 1000
    percent = usedMs / (now - since) * 100
    before = usage
    since = now
  }, windowMs).unref()
  return {
    get percent () { return percent },
    stop: () => { clearInterval(timer) }
  }
}
