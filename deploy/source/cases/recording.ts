import type { Names } from '../names.ts'
import { recorded } from '../recording-rules.ts'
import { HERE } from './alert-case.ts'

/** A course of events, and what a recording rule makes of it; `null` is no value at all. */
export interface RecordingCase {
  name: string
  series: Record<string, string>
  at: string
  record: string
  value: number | null
}

export function recordingCases (names: Names): RecordingCase[] {
  const { own, series } = names
  const requests = (status: number): string => own('http_requests_total', HERE, 'path="/mcp"', `status="${status}"`)
  const calls = series('mcp_server_operation_duration_seconds_count', HERE, 'mcp_method_name="ping"')
  const runs = (outcome: string): string => own('agent_run_duration_seconds_count', HERE, `outcome="${outcome}"`)
  return [
    { name: 'no request ever failed', series: { [requests(200)]: '0+60x20' }, at: '10m', record: recorded.httpErrors(names), value: 0 },
    { name: 'nobody asks', series: { [requests(200)]: '9x20' }, at: '10m', record: recorded.httpErrors(names), value: null },
    { name: 'no operation ever failed', series: { [calls]: '0+60x20' }, at: '10m', record: recorded.operationErrors(names, '5m'), value: 0 },
    { name: 'a quarter of the runs fails', series: { [runs('success')]: '0+3x20', [runs('error')]: '0+1x20' }, at: '10m', record: recorded.runErrors(names, '1h'), value: 0.25 },
    { name: 'one operation each second, none fails', series: { [calls]: '0+60x20' }, at: '10m', record: recorded.operationErrorRate(names), value: 0 },
    { name: 'one operation each second', series: { [calls]: '0+60x20' }, at: '10m', record: recorded.operationRate(names), value: 1 },
    { name: 'two runs each second, one of them fails', series: { [runs('success')]: '0+60x20', [runs('timeout')]: '0+60x20' }, at: '10m', record: recorded.runErrorRate(names), value: 1 },
    { name: 'two runs each second, one of them fails', series: { [runs('success')]: '0+60x20', [runs('timeout')]: '0+60x20' }, at: '10m', record: recorded.runRate(names), value: 2 }
  ]
}
