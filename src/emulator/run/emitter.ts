import type { AgentMessage, AgentMessageEvent } from '../../dust/types.ts'
import type { EventHistory, HistoryEvent } from '../history.ts'
import type { Random } from '../random.ts'

type Envelope = 'created' | 'configurationId' | 'messageId' | 'step'
type WithoutEnvelope<Event> = Event extends unknown ? Omit<Event, Envelope> : never
export type Sketch = WithoutEnvelope<AgentMessageEvent>

/** Writes the events of one message into its history, and sprinkles in what a tolerant reader has to ignore. */
export class Emitter {
  step = 0
  readonly #history: EventHistory
  readonly #message: AgentMessage
  readonly #noise: Random
  readonly #unknownRate: number

  constructor (history: EventHistory, message: AgentMessage, noise: Random, unknownRate: number) {
    this.#history = history
    this.#message = message
    this.#noise = noise
    this.#unknownRate = unknownRate
  }

  emit (sketch: Sketch): HistoryEvent {
    const isFirst = this.#history.count === 0
    const event = this.#history.append(this.envelop(sketch))
    if (this.#unknownRate > 0 && (isFirst || this.#noise.chance(this.#unknownRate))) this.#history.append(this.#unknownEvent())
    return event
  }

  /** The whole event, for histories other than the message's own. */
  envelop (sketch: Sketch): object {
    const extra = this.#noise.chance(0.2) ? { traceId: `trace-${this.#noise.integer(1, 1e9)}`, experiments: { nested: [true, null] } } : {}
    return { ...sketch, ...this.#envelope(), ...extra }
  }

  #envelope () {
    return { created: Date.now(), configurationId: this.#message.configuration.sId, messageId: this.#message.sId, step: this.step }
  }

  #unknownEvent (): object {
    return this.#noise.pick<object>([
      { type: 'agent_message_consumption_updated', ...this.#envelope(), costCredits: this.#noise.integer(1, 50) },
      { type: 'agent_mood_changed', ...this.#envelope(), mood: 'curious', text: 'not part of the answer' },
      { type: 'heartbeat_v2' }
    ])
  }
}
