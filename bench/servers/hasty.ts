import { EVENT_LOG_LIMITS } from '../../src/store/event-log.ts'

/** The service for which a minute is an hour, as far as streams are concerned: they are forgotten sixty times as soon. */
EVENT_LOG_LIMITS.ageMs /= 60
await import('./product.ts')
