/** Of every stream of server-sent events. */
export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // nginx and its kin hold back a stream otherwise
  'x-accel-buffering': 'no'
} as const
