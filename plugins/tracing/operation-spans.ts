import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Attributes, type Context, type Link, type Span, type Tracer } from '@opentelemetry/api'
import type { OperationObservation, OperationStart } from '../../src/mcp/dispatch.ts'
import { isObject } from '../../src/mcp/json-rpc.ts'
import { contextOf, readTraceContext } from '../../src/tracing/trace-context.ts'
import type { CurrentRequest } from './http-spans.ts'

const REVISION = /^\d{4}-\d\d-\d\d$/

/**
 * Makes a span of every MCP operation, with the names of OpenTelemetry's conventions. What the client said is in none: of tools and
 * prompts the name when there is one of that name here, of sessions what stands for them in logs.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/
 */
export class OperationSpans {
  readonly #tracer: Tracer
  readonly #currentRequest: () => CurrentRequest | undefined
  readonly #spans = new WeakMap<object, Span>()

  constructor (tracer: Tracer, currentRequest: () => CurrentRequest | undefined) {
    this.#tracer = tracer
    this.#currentRequest = currentRequest
  }

  start ({ method, params, operation }: OperationStart): void {
    // A call that goes on because its client came back isn't part of the request with which it came.
    const request = operation.requestId === null ? undefined : this.#currentRequest()
    const caller = isObject(params['_meta']) ? readTraceContext(params['_meta']) : null
    const { parent, links } = placeOf(request, caller, operation.resumed !== null)
    const { session, client: { protocolVersion } } = operation
    this.#spans.set(operation, this.#tracer.startSpan(method, {
      kind: SpanKind.SERVER,
      links,
      attributes: {
        'mcp.method.name': method,
        ...(method === 'tools/call' ? { 'gen_ai.operation.name': 'execute_tool' } : {}),
        ...(REVISION.test(protocolVersion) ? { 'mcp.protocol.version': protocolVersion } : {}),
        ...(session === null ? {} : { 'mcp.session.id': session }),
        ...(request === undefined ? {} : { 'network.transport': 'tcp', 'network.protocol.name': 'http' }),
        ...(typeof request?.messageId === 'string' ? { 'jsonrpc.request.id': request.messageId } : {})
      }
    }, parent))
  }

  end (observation: OperationObservation): void {
    const span = this.#spans.get(observation.operation)
    if (span === undefined) return
    const { method, errorType, errorCode } = observation
    const target = targetOf(observation)
    if (target !== null) {
      span.updateName(`${method} ${target.name}`)
      span.setAttributes(target.attributes)
    }
    if (errorCode !== null) span.setAttribute('rpc.response.status_code', String(errorCode))
    // Without a message: ours may quote the client.
    if (errorType !== null) span.setAttribute('error.type', errorType).setStatus({ code: SpanStatusCode.ERROR })
    span.end()
  }

  spanOf (operation: object): Span | undefined {
    return this.#spans.get(operation)
  }
}

/**
 * The caller's own span is the parent, whatever the transport, whose span is linked then. A call that another process began is a trace
 * of its own, which knows of the first one.
 */
function placeOf (request: CurrentRequest | undefined, caller: Context | null, isResumed: boolean): { parent: Context, links: Link[] } {
  if (request === undefined && isResumed) return { parent: ROOT_CONTEXT, links: caller === null ? [] : linkTo(caller) }
  const transport = request === undefined ? null : contextOf(request.span)
  if (caller === null) return { parent: transport ?? ROOT_CONTEXT, links: [] }
  return { parent: caller, links: transport === null ? [] : linkTo(transport) }
}

function linkTo (context: Context): Link[] {
  const spanContext = trace.getSpanContext(context)
  return spanContext === undefined ? [] : [{ context: spanContext }]
}

/** The tool or prompt, if there is one of that name: whoever asks may name anything. */
function targetOf ({ method, params, tool, errorType }: OperationObservation): { name: string, attributes: Attributes } | null {
  if (tool !== null) return { name: tool, attributes: { 'gen_ai.tool.name': tool } }
  const { name } = params
  if (method === 'prompts/get' && errorType === null && typeof name === 'string') return { name, attributes: { 'gen_ai.prompt.name': name } }
  return null
}
