import {
  createRequestStateCodec, inputRequired, MissingRequiredClientCapabilityError, ProtocolError as SdkProtocolError, Server,
  type HandlerResultTypeMap, type Implementation, type InputRequests, type ServerCapabilities, type ServerContext
} from '@modelcontextprotocol/server'
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv'
import type { Dispatch } from '../dispatch.ts'
import { ErrorCode, isObject, ProtocolError } from '../json-rpc.ts'
import { InputRequired } from '../operation.ts'
import { createCall, type CallOptions } from './call.ts'
import { Deeds } from './deeds.ts'
import type { RequestState } from './request-state.ts'

export interface StatelessServerOptions {
  serverInfo: Implementation
  capabilities: ServerCapabilities
  instructions: string
  dispatch: Dispatch
  /** Signs what a call remembers while its client answers a question: at least 32 bytes, the same for all replicas. */
  requestStateKey: string
  /** How long a client may take to answer. */
  requestStateTtlSeconds: number
  /** What is known of a call beside its message. */
  callOptions: (context: ServerContext) => CallOptions
  /** Called when the call is over. */
  onEnd: (options: CallOptions) => void
}

/** What the catalog answers in this revision; the rest is the SDK's. */
const METHODS = [
  'tools/list', 'tools/call', 'resources/list', 'resources/templates/list', 'resources/read', 'prompts/list', 'prompts/get', 'completion/complete'
] as const

/** How long a client may keep what it read: there are notices of changes for those who want to know sooner. */
const CACHE_HINT = { ttlMs: 60_000, cacheScope: 'private' } as const

/** Shared, because each server would make its own otherwise. */
const jsonSchemaValidator = new AjvJsonSchemaValidator()

/** The SDK's server, but for what it makes of params that it doesn't understand: a fault of its own. */
class RequestServer extends Server {
  /** Whether the SDK has passed the request on. */
  isUnderstood = false

  protected override _wrapHandler (...[method, handler]: Parameters<Server['_wrapHandler']>): ReturnType<Server['_wrapHandler']> {
    const wrapped = super._wrapHandler(method, handler)
    return async (request, context) => {
      try {
        return await wrapped(request, context)
      } catch (error) {
        if (this.isUnderstood || error instanceof SdkProtocolError) throw error
        throw new SdkProtocolError(ErrorCode.InvalidParams, `The params of ${method} aren't what this revision of MCP has there`)
      }
    }
  }
}

/** Makes the SDK's server for one request. */
export function createServerFactory ({ serverInfo, capabilities, instructions, dispatch, requestStateKey, requestStateTtlSeconds, callOptions, onEnd }: StatelessServerOptions): () => Server {
  const codec = createRequestStateCodec<RequestState>({ key: requestStateKey, ttlSeconds: requestStateTtlSeconds })
  const deeds = new Deeds(requestStateTtlSeconds * 1000)
  const options = {
    capabilities,
    instructions,
    jsonSchemaValidator,
    requestState: { verify: codec.verify },
    cacheHints: {
      'tools/list': CACHE_HINT, 'prompts/list': CACHE_HINT, 'resources/list': CACHE_HINT, 'resources/templates/list': CACHE_HINT, 'server/discover': CACHE_HINT
    }
  }

  return () => {
    const server = new RequestServer(serverInfo, options)
    for (const method of METHODS) {
      server.setRequestHandler(method, async ({ params }, context) => {
        server.isUnderstood = true
        // The results were checked against the schemas of the other SDK, which describe the same JSON in other types.
        return await handle(method, isObject(params) ? params : {}, context) as HandlerResultTypeMap[typeof method]
      })
    }
    return server
  }

  async function handle (method: string, params: Record<string, unknown>, context: ServerContext) {
    const options = callOptions(context)
    try {
      const { operation, state } = createCall(method, params, context, options, deeds)
      try {
        return await dispatch(method, params, operation)
      } catch (error) {
        if (!(error instanceof InputRequired)) throw error
        // As with the results: the other SDK's types for the same JSON.
        return inputRequired({ inputRequests: error.requests as InputRequests, requestState: await codec.mint(state, context) })
      }
    } catch (error) {
      throw error instanceof ProtocolError ? toSdkError(error) : error
    } finally {
      onEnd(options)
    }
  }
}

function toSdkError ({ code, message, data }: ProtocolError): SdkProtocolError {
  if (code === ErrorCode.MissingClientCapability && isObject(data)) return new MissingRequiredClientCapabilityError({ requiredCapabilities: Object(data['requiredCapabilities']) }, message)
  return new SdkProtocolError(code === ErrorCode.ResourceNotFound ? ErrorCode.InvalidParams : code, message, data)
}
