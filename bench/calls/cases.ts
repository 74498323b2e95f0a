import type { Question } from '../requests.ts'
import { BARE, CONTESTANTS, SDK_V1, SDK_V2, SESSIONS, STATELESS, type Contestant } from './contestants.ts'

/** Something that all of some contestants are asked. */
export interface Case {
  name: string
  title: string
  connections: number
  /** How many tools each of them offers. */
  tools: number
  contestants: readonly Contestant[]
  questionFor (contestant: Contestant): Question
}

const TEXT = 'hello world'
const MOST = [BARE, SESSIONS, SDK_V1, STATELESS, SDK_V2]
export const CONNECTIONS = [1, 50, 500]
export const TOOLS = [5, 50, 500]
/** With more, those that take tens of milliseconds for a list would hardly answer before the time is over. */
export const LIST_CONNECTIONS = 10

export const CASES: readonly Case[] = [
  ...CONNECTIONS.map((connections): Case => ({
    name: `tools/call@${connections}`,
    title: `tools/call, ${connections} connection${connections === 1 ? '' : 's'}`,
    connections,
    tools: 1,
    contestants: connections === 50 ? CONTESTANTS : MOST,
    questionFor: ({ argument }) => ({
      method: 'tools/call',
      params: { name: 'echo', arguments: { [argument]: TEXT } },
      isRight: ([result]) => JSON.stringify(result?.['content']).includes(TEXT) && result?.['isError'] !== true
    })
  })),
  ...TOOLS.map((tools): Case => ({
    name: `tools/list${tools}@${LIST_CONNECTIONS}`,
    title: `tools/list of ${tools} tools, ${LIST_CONNECTIONS} connections`,
    connections: LIST_CONNECTIONS,
    tools,
    contestants: MOST,
    questionFor: () => ({
      method: 'tools/list',
      params: {},
      isRight: (results) => results.flatMap(({ tools }) => tools).length === tools
    })
  })),
  {
    name: 'ping@50',
    title: 'ping, 50 connections',
    connections: 50,
    tools: 1,
    // The revision without sessions has none.
    contestants: [BARE, SESSIONS, SDK_V1],
    questionFor: () => ({ method: 'ping', params: {}, isRight: ([result]) => result !== undefined && Object.keys(result).length === 0 })
  }
]
