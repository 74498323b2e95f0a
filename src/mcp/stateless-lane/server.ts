import {
  MissingRequiredClientCapabilityError, ProtocolError as SdkProtocolError, Server,
  type HandlerResultTypeMap, type Implementation, type ServerCapabilities, type ServerContext
} from '@modelcontextprotocol/server'
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv'
import { ErrorCode, isObject, ProtocolError } from '../json-rpc.ts'
import type { CallOptions, Line } from './call.ts'
import type { Legs } from './legs.ts'
import { CACHE_HINT, CACHE_HINTS } from './wire-result.ts'

export interface StatelessServerOptions {
  serverInfo: Implementation
  capabilities: ServerCapabilities
  instructions: string
  legs: Legs
  /** What is known of a call beside its message. */
  callOptions: (context: ServerContext) => CallOptions
  /** Called when the call is over. */
  onEnd: (options: CallOptions) => void
}

/** What the catalog answers in this revision; the rest is the SDK's. */
const METHODS = [
  'tools/list', 'tools/call', 'resources/list', 'resources/templates/list', 'resources/read', 'prompts/list', 'prompts/get', 'completion/complete'
] as const

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
export function createServerFactory ({ serverInfo, capabilities, instructions, legs, callOptions, onEnd }: StatelessServerOptions): () => Server {
  const options = {
    capabilities,
    instructions,
    jsonSchemaValidator,
    requestState: { verify: legs.verify },
    cacheHints: { ...CACHE_HINTS, 'server/discover': CACHE_HINT }
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
      return await legs.work(method, params, toLine(context), options)
    } catch (error) {
      throw error instanceof ProtocolError ? toSdkError(error) : error
    } finally {
      onEnd(options)
    }
  }
}

function toLine ({ mcpReq }: ServerContext): Line {
  return {
    envelope: { ...mcpReq.envelope },
    progressToken: mcpReq._meta?.progressToken,
    requestState: mcpReq.requestState<unknown>(),
    inputResponses: { ...mcpReq.inputResponses },
    notify: async (notification) => { await mcpReq.notify(notification) },
    log: async (level, data, logger) => { await mcpReq.log(level, data, logger) }
  }
}

function toSdkError ({ code, message, data }: ProtocolError): SdkProtocolError {
  if (code === ErrorCode.MissingClientCapability && isObject(data)) return new MissingRequiredClientCapabilityError({ requiredCapabilities: Object(data['requiredCapabilities']) }, message)
  return new SdkProtocolError(code === ErrorCode.ResourceNotFound ? ErrorCode.InvalidParams : code, message, data)
}
