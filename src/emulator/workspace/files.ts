import type { Identifiers } from '../identifiers.ts'

export interface StoredFile {
  sId: string
  contentType: string
  fileName: string
  /** As announced, then as it is. */
  fileSize: number
  useCase: string
  conversationId: string | null
  status: 'created' | 'ready'
  bytes: Buffer
}

export interface FolderFile {
  conversationId: string
  /** From the conversation's folder on, such as `conversation/notes.md`. */
  filePath: string
  contentType: string
  bytes: Buffer
}

/** The files of the workspace: those with an id, and those that agents keep in the folder of a conversation. */
export class FileStore {
  readonly #identifiers: Identifiers
  readonly #byId = new Map<string, StoredFile>()
  readonly #byPath = new Map<string, FolderFile>()
  readonly #signatures = new Map<string, StoredFile>()

  constructor (identifiers: Identifiers) {
    this.#identifiers = identifiers
  }

  /** A file that is still to come. */
  announce (file: Pick<StoredFile, 'contentType' | 'fileName' | 'fileSize' | 'useCase' | 'conversationId'>): StoredFile {
    const announced: StoredFile = { sId: this.#identifiers.sId('fil'), ...file, status: 'created', bytes: Buffer.alloc(0) }
    this.#byId.set(announced.sId, announced)
    return announced
  }

  /** A file that is there at once, as what agents make and what is attached as text. */
  add (conversationId: string, fileName: string, contentType: string, bytes: Buffer, useCase = 'conversation'): StoredFile {
    const file = this.announce({ contentType, fileName, fileSize: bytes.length, useCase, conversationId })
    this.receive(file, bytes)
    return file
  }

  receive (file: StoredFile, bytes: Buffer): void {
    Object.assign(file, { bytes, fileSize: bytes.length, status: 'ready' })
  }

  get (sId: string): StoredFile | undefined {
    return this.#byId.get(sId)
  }

  remove (sId: string): boolean {
    return this.#byId.delete(sId)
  }

  putInFolder (file: FolderFile): void {
    this.#byPath.set(`${file.conversationId}/${file.filePath}`, file)
  }

  inFolder (conversationId: string, filePath: string): FolderFile | undefined {
    return this.#byPath.get(`${conversationId}/${filePath}`)
  }

  /** What opens the file without a key. */
  sign (file: StoredFile): string {
    const signature = this.#identifiers.sId('sig')
    this.#signatures.set(signature, file)
    return signature
  }

  bySignature (signature: string): StoredFile | undefined {
    return this.#signatures.get(signature)
  }

  all (): StoredFile[] {
    return [...this.#byId.values()]
  }
}
