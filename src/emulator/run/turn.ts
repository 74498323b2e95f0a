import type { ErrorDetail, UserQuestion } from '../../dust/types.ts'
import type { Random } from '../random.ts'

/** A tool call as an agent plans it. */
export interface ToolCall {
  server: string
  tool: string
  params: Record<string, unknown>
  /** What people read while it runs and after it. */
  labels: { running: string, done: string }
  /** One progress notification each. */
  notifications: readonly string[]
  durationMs: number
  output: string
  files?: readonly MadeFile[]
}

/** A file that a tool makes: with an id, or, in the conversation's folder, with a path. */
export interface MadeFile {
  title: string
  contentType: string
  bytes: Buffer
  filePath?: string
  isHidden?: boolean
}

/** What is attached to a conversation, as an agent reads it. */
export interface Reading {
  title: string
  /** Of the content, in bytes. */
  size: number
  text: string
}

/** A tool call that needs approval. */
export interface Wish {
  call: ToolCall
  stake: 'low' | 'medium' | 'high'
  argumentsRequiringApproval?: string[]
  approvalArgsLabel?: string
}

export interface Answer {
  selectedOptions: number[]
  customResponse?: string
}

export interface Rhythm {
  wordsPerEvent: number
  eventMs: number
}

/** How a turn of an agent comes to its end. */
export type Ending =
  | { kind: 'success', content: string }
  | { kind: 'gracefully_stopped', content: string }
  | { kind: 'error', error: ErrorDetail }
  | { kind: 'tool_error', error: ErrorDetail }
  /** The question itself was refused. */
  | { kind: 'user_message_error', error: { code: string, message: string } }

/** What an agent knows of the message it answers, and all it can do about it. Everything stops with an `AbortError` on cancel. */
export interface Turn {
  readonly prompt: string
  /** What the user asked before in this conversation, oldest first. */
  readonly earlier: readonly string[]
  /** The files, texts and nodes attached to the conversation. */
  readonly attachments: readonly Reading[]
  /** 0 for the first run, 1 for the first retry. */
  readonly attempt: number
  readonly random: Random
  pause (milliseconds: number): Promise<void>
  /** Reasoning, streamed as `chain_of_thought`. */
  think (text: string): Promise<void>
  /** Part of the answer, streamed as `tokens`. */
  say (text: string, rhythm?: Rhythm): Promise<void>
  /** Ends a step: what comes next is a new generation of the model. */
  nextStep (): void
  useTool (call: ToolCall): Promise<void>
  /** Like `useTool`, but a person has to agree first, to each of these. Returns to which they did. */
  useToolsWithApproval (wishes: readonly Wish[]): Promise<boolean[]>
  /** Lets another agent do it, in a conversation of its own. What that one wants approved is asked here, with the ids of over there. Returns its answer. */
  delegate (agentId: string, task: string): Promise<string>
  ask (question: UserQuestion): Promise<Answer>
  /** Waits for an account that only a person can connect, in Dust: until the emulator is told that they did. */
  needPersonalAccount (call: ToolCall, provider: string): Promise<void>
  /** The same for a file that only a person can open to the agent. */
  needFileAccess (call: ToolCall, file: { fileId: string, fileName: string, connectionId: string, mimeType: string }): Promise<void>
}

export type Behaviour = (turn: Turn) => Promise<Ending>
