export type LogLevel = 'debug' | 'info' | 'warning' | 'error'

export interface Called {
  text: string
  structured: Record<string, unknown>
  isError: boolean
}

export interface Progress {
  message: string
  /** What the product says of it: `text`, `step` or `heartbeat`. */
  kind: unknown
}

export interface CallOptions {
  onProgress?: (progress: Progress) => void
  signal?: AbortSignal
  /** In milliseconds. The SDKs wait 60 s otherwise. */
  timeout?: number
  resetTimeoutOnProgress?: boolean
}

export interface ConnectOptions {
  /** Whether a person, a model and folders are there to be asked for. */
  canAnswer?: boolean
  /** A list of tools that had to be read again. */
  onTools?: (names: string[]) => void
  onLog?: (level: string) => void
}

/** What the tests do with a client, the same with each SDK. */
export interface OfficialClient {
  readonly revision: string | undefined
  tools (): Promise<string[]>
  call (name: string, args: Record<string, unknown>, options?: CallOptions): Promise<Called>
  resources (): Promise<string[]>
  templates (): Promise<string[]>
  read (uri: string): Promise<string>
  prompts (): Promise<string[]>
  prompt (name: string, args: Record<string, string>): Promise<string>
  complete (prompt: string, argument: string, typed: string): Promise<string[]>
  /** From then on, logs of that level and above; where there are no sessions, by a word in each call. */
  setLogLevel (level: LogLevel): Promise<void>
  /** Resolves when the server has agreed to tell of changes of the resource. */
  watch (uri: string, onUpdate: (uri: string) => void): Promise<void>
}

/** What every client answers when it's asked. */
export const ANSWERS = {
  person: { action: 'accept', content: { name: 'Ada' } },
  model: { role: 'assistant', model: 'small', content: { type: 'text', text: 'Paris' } },
  folders: { roots: [{ uri: 'file:///home/ada', name: 'home' }] }
} as const

/** The texts of a result's or prompt's content blocks. */
export function textOf (content: unknown): string {
  const blocks: unknown[] = Array.isArray(content) ? content : [content]
  return blocks.map((block) => String(Object(block).text ?? '')).join('\n')
}

export function toProgress (notification: object): Progress {
  const { message, _meta } = Object(notification)
  return { message: String(message), kind: Object(_meta)['mcp-dust-server/kind'] }
}
