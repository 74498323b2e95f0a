/** An answer of Dust that isn't a success. `type` and `message` are what the caller sees. */
export class ApiError extends Error {
  readonly statusCode: number
  readonly type: string

  constructor (statusCode: number, type: string, message: string) {
    super(message)
    this.statusCode = statusCode
    this.type = type
  }

  body (): ApiErrorBody {
    return { error: { type: this.type, message: this.message } }
  }
}

export interface ApiErrorBody {
  error: { type: string, message: string }
}

export function invalidRequest (message: string): ApiError {
  return new ApiError(400, 'invalid_request_error', message)
}

export function conversationNotFound (): ApiError {
  return new ApiError(404, 'conversation_not_found', 'Cannot access conversation: conversation_not_found')
}

export function messageNotFound (): ApiError {
  return new ApiError(404, 'message_not_found', "The message you're trying to access does not exist.")
}
