/** Upper bounds of histogram buckets: seconds, or bytes. */

/** From a quick lookup to the time that a person would wait. */
export const LATENCY = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** As OpenTelemetry's MCP conventions have them, and one for agents that take long. */
export const OPERATION = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600]

export const RUN = [1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 600, 1200]

export const FIRST_TOKEN = [0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60]

/** A minute to a week. */
export const SESSION = [60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 259_200, 604_800]

export const STREAM = [1, 10, 60, 300, 900, 3600, 14_400, 86_400]

export const STORE = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1]

/** 256 bytes to 16 MiB, in steps of sixteen: every route and method has its own set. */
export const SIZE = [256, 4096, 65_536, 1_048_576, 16_777_216]
