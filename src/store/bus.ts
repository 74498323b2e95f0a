import { EventEmitter } from 'node:events'

/** Carries messages to everybody who serves the same sessions, the sender included. */
export interface Bus<Message> {
  publish (message: Message): void
  /** @returns what ends it */
  subscribe (listener: (message: Message) => void): () => void
}

/** A bus within one process. */
export function createLocalBus<Message> (): Bus<Message> {
  const emitter = new EventEmitter<{ message: [Message] }>().setMaxListeners(0)
  return {
    publish: (message) => { emitter.emit('message', message) },
    subscribe: (listener) => {
      emitter.on('message', listener)
      return () => { emitter.off('message', listener) }
    }
  }
}
