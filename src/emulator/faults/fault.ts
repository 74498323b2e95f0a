import { Type, type Static, type TObject } from '@sinclair/typebox'
import { operations, type Operation } from '../operations.ts'

const { Literal, Optional } = Type
const operation = Optional(Type.Unsafe<Operation>(Type.String({ enum: [...operations], description: 'Only this operation. Default: every one.' })))
const times = Optional(Type.Unsafe<number | 'always'>({ oneOf: [{ type: 'integer', minimum: 1 }, { const: 'always' }], description: 'How many requests or connections it hits before it is used up; a number or "always". Default 1.' }))
const afterEvents = Optional(Type.Integer({ minimum: 0, description: 'How many events get through first. Default 0.' }))
const status = Type.Integer({ minimum: 400, maximum: 599 })
const probability = Optional(Type.Number({ minimum: 0, maximum: 1 }))

function shape<Properties extends Parameters<typeof Type.Object>[0]> (description: string, properties: Properties) {
  return Type.Object(properties, { description, additionalProperties: false })
}

/** Faults that hit the next matching request. */
const requestFaults = [
  shape('rate_limit_error without Retry-After. Status 403 or 429, default 429.', { kind: Literal('rate_limit'), operation, times, status: Optional(Type.Unsafe<403 | 429>({ enum: [403, 429] })) }),
  shape('Any error in the JSON shape of Dust, with the usual status of its type unless told.', { kind: Literal('error'), operation, times, type: Type.String(), status: Optional(status), message: Optional(Type.String()) }),
  shape('The HTML error page of a proxy.', { kind: Literal('html'), operation, times, status }),
  shape('An error in plain text; with status 404 what Dust says to an unknown path.', { kind: Literal('text'), operation, times, status }),
  shape('401 invalid_api_key_error, as for a revoked key.', { kind: Literal('invalid_key'), operation, times }),
  shape('The connection dies: before the request is processed, after it, or mid_answer. Default before.', { kind: Literal('reset'), operation, times, when: Optional(Type.Unsafe<ResetMoment>({ enum: ['before', 'after', 'mid_answer'] })) }),
  shape('The answer sends the caller to this address instead of its own: where to upload, or where a file is.', { kind: Literal('foreign_url'), operation: Type.Unsafe<'files.create' | 'files.read'>({ enum: ['files.create', 'files.read'] }), times, url: Type.String() }),
  shape('Processing starts late, by real milliseconds.', { kind: Literal('slow'), operation, times, delayMs: Type.Integer({ minimum: 0, maximum: 600_000 }) })
] as const

/** Faults that hit the next connection to the event stream of a message. */
const streamFaults = [
  shape('The socket is destroyed, with midFrame half-way through the next event.', { kind: Literal('cut'), times, afterEvents, midFrame: Optional(Type.Boolean()) }),
  shape('The connection says done and closes, as at the end of its lifetime.', { kind: Literal('done'), times, afterEvents }),
  shape('The connection stays open and says no more.', { kind: Literal('silent'), times, afterEvents }),
  shape('The handshake frame is missing, as on older servers.', { kind: Literal('no_handshake'), times }),
  shape('A replay of at most that many events.', { kind: Literal('page'), times, size: Type.Integer({ minimum: 1 }) }),
  shape('All events so far are forgotten when the connection opens.', { kind: Literal('expired'), times })
] as const

const unknownEvents = shape('How often an event of unknown type follows a known one, in runs that start from now on. 0.02 without this fault.',
  { kind: Literal('unknown_events'), rate: Type.Number({ minimum: 0, maximum: 1 }) })

const random = shape('Every connection to a message stream draws its faults by these probabilities, reproducibly.', {
  kind: Literal('random'),
  seed: Optional(Type.Integer({ description: 'Default 1.' })),
  limit: Optional(Type.Integer({ minimum: 0, description: 'Most bad connections of one message; after them it is left alone. Default 5.' })),
  maximumEvents: Optional(Type.Integer({ minimum: 0, description: 'cut, done and silent strike after 0 to that many events. Default 20.' })),
  not_found: probability,
  rate_limit: probability,
  no_handshake: probability,
  page: probability,
  expired: probability,
  cut: probability,
  cut_mid_frame: probability,
  done: probability,
  silent: probability
})

export type ResetMoment = 'before' | 'after' | 'mid_answer'
export type RequestFault = Static<typeof requestFaults[number]>
export type StreamFault = Static<typeof streamFaults[number]>
export type RandomFault = Static<typeof random>
export type UnknownEvents = Static<typeof unknownEvents>
export type Fault = RequestFault | StreamFault | RandomFault | UnknownEvents

export const faultShapes: readonly TObject[] = [...requestFaults, ...streamFaults, unknownEvents, random]

const requestKinds = new Set<string>(requestFaults.map(({ properties }) => properties.kind.const))
const streamKinds = new Set<string>(streamFaults.map(({ properties }) => properties.kind.const))

export const isRequestFault = (fault: Fault): fault is RequestFault => requestKinds.has(fault.kind)
export const isStreamFault = (fault: Fault): fault is StreamFault => streamKinds.has(fault.kind)

export const faultSet = Type.Object({
  // Branched by kind: a mistake is then reported once, and not once for each kind there is.
  faults: Type.Array(Type.Unsafe<Fault>({ type: 'object', required: ['kind'], discriminator: { propertyName: 'kind' }, oneOf: [...faultShapes] }), { maxItems: 100 })
}, { additionalProperties: false })
export type FaultSet = Static<typeof faultSet>
