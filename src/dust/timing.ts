/** Every delay of the Dust client, in milliseconds. */
export interface DustTiming {
  /** From sending a request to the end of its answer; for an event stream, to its headers. */
  requestTimeoutMs: number
  /** The same for a request that carries a file, either way. */
  transferTimeoutMs: number
  /** First and longest wait before a request or a stream is tried again; doubled each time, with jitter. */
  backoffBaseMs: number
  backoffMaxMs: number
  /** How long a stream may be silent before the conversation is read: one entry per consecutive silence, the last one repeats. */
  idleMs: readonly number[]
  /** The same, after a tool has failed: Dust often ends the message without saying so. */
  idleAfterToolErrorMs: number
  /** First and longest pause between two readings of the conversation when its stream can't be had. */
  pollBaseMs: number
  pollMaxMs: number
  /** After the last event, how often and how long the conversation is read until it shows that the run has ended. */
  settlePollMs: number
  settleTimeoutMs: number
}

export const defaultTiming: DustTiming = {
  requestTimeoutMs: 30_000,
  transferTimeoutMs: 180_000,
  backoffBaseMs: 250,
  backoffMaxMs: 10_000,
  idleMs: [15_000, 30_000, 60_000, 90_000],
  idleAfterToolErrorMs: 3_000,
  pollBaseMs: 2_000,
  pollMaxMs: 10_000,
  settlePollMs: 250,
  settleTimeoutMs: 10_000
}
