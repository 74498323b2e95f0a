import { EventEmitter } from 'node:events'

/**
 * Carries messages to all replicas, the sender included. Best effort: one that is lost must cost time at most, since
 * whoever has something to keep writes it to the store.
 */
export interface Bus<Message> {
  publish (message: Message): void
  /** @returns what ends it */
  subscribe (listener: (message: Message) => void): () => void
}

/** Knows a message by its shape; `undefined` for anything else. */
export type ReadMessage<Message> = (value: unknown) => Message | undefined

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

/** A bus on which a process can speak to itself, too. */
export interface BusWithin<Message> extends Bus<Message> {
  /** Reaches the listeners of this process only. */
  publishHere (message: Message): void
}

export function withinProcess<Message> (bus: Bus<Message>): BusWithin<Message> {
  const local = createLocalBus<Message>()
  return {
    publish: (message) => { bus.publish(message) },
    publishHere: (message) => { local.publish(message) },
    subscribe: (listener) => {
      const ends = [bus.subscribe(listener), local.subscribe(listener)]
      return () => { for (const end of ends) end() }
    }
  }
}

/** The messages of a bus that are understood. */
export function readBus<Message> (bus: Bus<unknown>, read: ReadMessage<Message>): Bus<Message> {
  return {
    publish: (message) => { bus.publish(message) },
    subscribe: (listener) => bus.subscribe((value) => {
      const message = read(value)
      if (message !== undefined) listener(message)
    })
  }
}
