import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import type { Progress } from '@modelcontextprotocol/sdk/types.js'
import type { Emulator } from '../../src/emulator/emulator.ts'

export interface AgentCall {
  question: string
  progress: Progress[]
  /** `structuredContent` of the result. */
  answer: Promise<Record<string, unknown>>
}

/** Asks an agent and listens to how its answer grows. */
export function askAgent (client: Client, agent: string, question: string): AgentCall {
  const progress: Progress[] = []
  const answer = client.callTool({ name: 'dust_ask_agent', arguments: { agent, message: question } }, undefined, {
    timeout: 40_000, resetTimeoutOnProgress: true, onprogress: (step) => { progress.push(step) }
  }).then(({ structuredContent }) => Object(structuredContent) as Record<string, unknown>)
  answer.catch(() => {}) // whoever waits for it learns of it
  return { question, progress, answer }
}

/** The pieces of the answer that came so far. */
export function piecesOf (progress: readonly Progress[]): string[] {
  return progress.filter((step) => metaOf(step)['mcp-dust-server/kind'] === 'text').map(({ message }) => message ?? '')
}

/** What is wrong with a call that has ended, in words; nothing when its answer came whole, once, and piece by piece. */
export async function faultsOf ({ question, progress, answer }: AgentCall, dust: Emulator): Promise<string[]> {
  const faults: string[] = []
  const structured = await answer.catch((error: unknown) => ({ status: String(error), answer: undefined }))
  if (structured.status !== 'succeeded') faults.push(`it ended with ${String(structured.status)}`)
  const runs = [...dust.workspace.runs.values()].filter(({ order }) => order.prompt === question)
  if (runs.length !== 1) faults.push(`it was asked ${runs.length} times`)
  const wanted = runs[0]?.message.content
  if (structured.answer !== wanted) faults.push(`the answer is ${JSON.stringify(structured.answer)} instead of ${JSON.stringify(wanted)}`)
  const lastDraft = metaOf(progress.findLast((step) => metaOf(step)['mcp-dust-server/kind'] === 'text'))['mcp-dust-server/draft']
  const streamed = piecesOf(progress.filter((step) => metaOf(step)['mcp-dust-server/draft'] === lastDraft)).join('')
  if (streamed !== wanted) faults.push(`the pieces are ${JSON.stringify(streamed)} instead of ${JSON.stringify(wanted)}`)
  if (progress.some(({ progress: number }, index) => number <= (progress[index - 1]?.progress ?? 0))) faults.push(`the numbers are ${progress.map(({ progress: number }) => number).join(', ')}`)
  return faults.map((fault) => `${question} ${fault}`)
}

function metaOf (step: object | undefined): Record<string, unknown> {
  return Object(Object(step)._meta) as Record<string, unknown>
}
