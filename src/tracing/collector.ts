import { ExportResultCode, type ExportResult } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'

export interface CollectorOptions {
  tracesUrl: string
  headers: Record<string, string>
  /** Is called when spans couldn't be sent, but not again until some were: they are lost. */
  onTrouble: (error: unknown) => void
  /** Is called when spans were sent after that. */
  onRecovery: () => void
}

/** Sends spans to a collector by OTLP over HTTP, and tells once when that goes wrong. */
export class Collector implements SpanExporter {
  readonly #exporter: OTLPTraceExporter
  readonly #options: CollectorOptions
  #isInTrouble = false

  constructor (options: CollectorOptions) {
    const { tracesUrl: url, headers } = options
    this.#options = options
    this.#exporter = new OTLPTraceExporter({ url, headers })
  }

  export (spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      this.#note(result)
      done(result)
    })
  }

  async shutdown (): Promise<void> {
    await this.#exporter.shutdown()
  }

  #note ({ code, error }: ExportResult): void {
    const isInTrouble = code !== ExportResultCode.SUCCESS
    if (isInTrouble === this.#isInTrouble) return
    this.#isInTrouble = isInTrouble
    if (isInTrouble) this.#options.onTrouble(error)
    else this.#options.onRecovery()
  }
}
