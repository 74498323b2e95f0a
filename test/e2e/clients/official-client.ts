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
  /** Of a text: a new number begins it anew. */
  draft: unknown
  /** Of the notification's params as JSON. */
  sizeBytes: number
}

export interface CallOptions {
  onProgress?: (progress: Progress) => void
  signal?: AbortSignal
  /** In milliseconds. The SDKs wait 60 s otherwise. */
  timeout?: number
  resetTimeoutOnProgress?: boolean
}

/** What a person is asked. */
export interface Question {
  message: string
  /** Where to go, instead of a form. */
  url: string | undefined
  /** The fields of the form. */
  fields: string[]
  /** Aborts when nobody waits for the answer any more. */
  signal: AbortSignal
}

export type Person = (question: Question) => Promise<{ action: 'accept' | 'decline' | 'cancel', content?: Record<string, string | boolean> }>

export interface ConnectOptions {
  /** Whether a person, a model and folders are there to be asked for. */
  canAnswer?: boolean
  /** Who answers questions. */
  person?: Person
  /** Whether the person can be sent to a web page. */
  canOpenPages?: boolean
  /** A list of tools that had to be read again. */
  onTools?: (names: string[]) => void
  onLog?: (level: string) => void
  /** What it says who it is with. */
  token?: string
  /** What it sends with each request beside that. */
  headers?: Record<string, string>
}

/** What the tests do with a client, the same with each SDK. */
export interface OfficialClient {
  readonly revision: string | undefined
  tools (): Promise<string[]>
  call (name: string, args: Record<string, unknown>, options?: CallOptions): Promise<Called>
  resources (): Promise<string[]>
  templates (): Promise<string[]>
  read (uri: string): Promise<string>
  /** What a resource is, whether it comes as text or as a blob. */
  readBytes (uri: string): Promise<{ mimeType: string | undefined, isText: boolean, bytes: Buffer }>
  prompts (): Promise<string[]>
  prompt (name: string, args: Record<string, string>): Promise<string>
  complete (prompt: string, argument: string, typed: string): Promise<string[]>
  completeUri (uriTemplate: string, variable: string, typed: string): Promise<string[]>
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

/** The SDKs try twice to come back, which on a busy machine is less than a server needs to start. */
export const PATIENT = { initialReconnectionDelay: 1000, maxReconnectionDelay: 5000, reconnectionDelayGrowFactor: 1.5, maxRetries: 20 }

/** What the client says that it can do. */
export function capabilitiesOf ({ canAnswer = true, canOpenPages = false }: ConnectOptions) {
  return canAnswer ? { elicitation: canOpenPages ? { form: {}, url: {} } : {}, sampling: {}, roots: {} } : {}
}

export function toQuestion (params: object, signal: AbortSignal): Question {
  const { message, url, requestedSchema } = Object(params)
  return { message: String(message), url: url === undefined ? undefined : String(url), fields: Object.keys(Object(Object(requestedSchema).properties)), signal }
}

/** What a transport is told, to say who it is. */
export function identifiedBy ({ token, headers = {} }: Pick<ConnectOptions, 'token' | 'headers'>): { requestInit: { headers: Record<string, string> } } {
  return { requestInit: { headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) } } }
}

/** The texts of a result's or prompt's content blocks. */
export function textOf (content: unknown): string {
  const blocks: unknown[] = Array.isArray(content) ? content : [content]
  return blocks.map((block) => String(Object(block).text ?? '')).join('\n')
}

/** The one content of a resource. */
export function bytesOf (contents: ReadonlyArray<{ mimeType?: string | undefined, text: string } | { mimeType?: string | undefined, blob: string }>) {
  const [content] = contents
  if (content === undefined || contents.length > 1) throw new Error(`The resource has ${contents.length} contents`)
  const isText = 'text' in content
  return { mimeType: content.mimeType, isText, bytes: 'text' in content ? Buffer.from(content.text) : Buffer.from(content.blob, 'base64') }
}

export function toProgress (notification: object): Progress {
  const { message, _meta } = Object(notification)
  const meta = Object(_meta)
  return { message: String(message), kind: meta['mcp-dust-server/kind'], draft: meta['mcp-dust-server/draft'], sizeBytes: Buffer.byteLength(JSON.stringify(notification)) }
}
