import type { Random } from '../../src/emulator/random.ts'
import { isObject } from '../../src/mcp/json-rpc.ts'
import { chooseHostile, MADE_UP, toHostileText } from './hostile-json.ts'

export type Spoilt = { kind: 'bytes', bytes: Buffer } | { kind: 'close' | 'reset' | 'silence' }

const EVENT_IDS: readonly [unknown, ...unknown[]] = ['0-0', '-5', 'NaN', '', null, 5, {}, '9999999999999-0', `${'9'.repeat(300_000)}-0`, '1-'.repeat(50), '\u0000', '1e9-1', '5-10', '\ud800']
const TYPES = ['generation_tokens', 'tool_approve_execution', 'tool_ask_user_question', 'tool_personal_auth_required', 'tool_file_auth_required', 'agent_action_success', 'tool_params', 'tool_notification', 'tool_error', 'agent_error', 'user_message_error', 'agent_message_success', 'agent_generation_cancelled', 'end-of-stream', 'agent_context_pruned', '__proto__', MADE_UP] as const
const MIB = 1024 * 1024

/** One frame of an event stream, spoilt. `earlier` are frames that came before it. */
export function spoilFrame (random: Random, frame: string, earlier: readonly string[]): Spoilt {
  switch (random.integer(0, 19)) {
    case 0:
      return random.chance(0.3) ? { kind: 'close' } : bytes('')
    case 1:
      return random.chance(0.3) ? { kind: 'reset' } : bytes(frame + frame)
    case 2:
      return random.chance(0.05) ? { kind: 'silence' } : bytes(frame.replaceAll('\n', '\r'))
    case 3:
      return bytes((earlier[random.integer(0, Math.max(earlier.length - 1, 0))] ?? '') + frame)
    case 4:
      return bytes(frame.slice(0, random.integer(0, frame.length)))
    case 5:
      return bytes(frame.replaceAll('\n', random.pick(['\r\n', '\n\u0000', '\n\n', '\n: ', '\ndata: '])))
    case 6:
      return bytes(random.pick(['data: done\n\n', 'data:done\n\n', 'event: dust-handshake\ndata: {}\n\n', 'retry: 99999999999999\n\n', 'id: \u0000\n\n', 'event: message\ndata: {}\n\n', `: ${'c'.repeat(10_000)}\n`, 'data\n\n', 'data: null\n\n', 'data: []\n\n', 'data: {"eventId":"1-1","data":null}\n\n', '\ufeff']) + frame)
    case 7:
      return { kind: 'bytes', bytes: Buffer.concat([Buffer.from('data: '), Buffer.from([0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80]), Buffer.from('\n\n'), Buffer.from(frame)]) }
    case 8:
      return bytes(random.chance(0.03) ? `data: ${'g'.repeat(random.integer(1, 20) * MIB)}\n\n${frame}` : frame.replace('data:', 'data'))
    case 9:
      return bytes(`: ${'k'.repeat(random.integer(1, 200))}\n`.repeat(random.integer(1, 500)) + frame)
    case 10:
      return bytes(frame.replace(/data: \{/, '$&"type":5,"__proto__":{"x":1},'))
    default:
      return bytes(spoilEvent(random, frame))
  }
}

/** With an id, a type or a part of its content that is wrong. */
function spoilEvent (random: Random, frame: string): string {
  const [, json = '', rest = ''] = /^data: (\{.*\})(\n[^]*)$/m.exec(frame) ?? []
  if (json === '') return frame + frame
  const event: unknown = JSON.parse(json)
  if (!isObject(event)) return frame
  if (random.chance(0.2)) return `data: ${JSON.stringify({ ...event, eventId: random.pick(EVENT_IDS) })}${rest}`
  const data = isObject(event['data']) ? event['data'] : {}
  if (random.chance(0.3)) return `data: ${JSON.stringify({ ...event, data: { ...data, type: random.pick(TYPES), ...(random.chance(0.5) ? { action: chooseHostile(random), message: chooseHostile(random), error: chooseHostile(random) } : {}) } }).replaceAll(/"@@([^"@]+)@@"/g, '$1')}${rest}`
  return `data: ${toHostileText(random, { ...event, data })}${rest}`
}

function bytes (text: string): Spoilt {
  return { kind: 'bytes', bytes: Buffer.from(text) }
}
