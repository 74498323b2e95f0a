import type { Names } from '../names.ts'
import { HERE, labelsOf, type AlertCase } from './alert-case.ts'

export function errorBudgetCases ({ own, series, job }: Names): AlertCase[] {
  const { ofJob } = labelsOf(job)
  const calls = (error?: string): string => series('mcp_server_operation_duration_seconds_count', HERE, 'mcp_method_name="tools/call"', ...(error === undefined ? [] : [`error_type="${error}"`]))
  const runs = (outcome: string): string => own('agent_run_duration_seconds_count', HERE, `outcome="${outcome}"`)
  const operationsFailed = (share: string, long: string, short: string, factor: number): string =>
    `${share} of the MCP operations of ${job} failed in the last ${long}, and the last ${short} were no better. That is more than ${factor} times what an objective of 99.5 % allows.`
  const runsFailed = (share: string, long: string, short: string, factor: number): string =>
    `${share} of the agent runs of ${job} failed in the last ${long}, and the last ${short} were no better. That is more than ${factor} times what an objective of 99 % allows.`
  const operations = 'McpOperationErrorBudgetBurn'
  const agentRuns = 'AgentRunErrorBudgetBurn'
  return [
    {
      alert: operations,
      name: 'a tenth fails by a fault of the server: the fast window pages',
      series: { [calls()]: '0+90x30', [calls('-32603')]: '0+10x30' },
      at: '10m',
      fires: [{ labels: ofJob('critical', { long: '1h', short: '5m' }), description: operationsFailed('10%', '1h', '5m', 14.4) }]
    },
    {
      alert: operations,
      name: '4 % fail: the second window pages, later',
      series: { [calls()]: '0+96x60', [calls('shutdown')]: '0+4x60' },
      at: '30m',
      fires: [{ labels: ofJob('critical', { long: '6h', short: '30m' }), description: operationsFailed('4%', '6h', '30m', 6) }]
    },
    {
      alert: operations,
      name: '2 % fail for an hour and a half: a warning',
      series: { [calls()]: '0+98x100', [calls('-32603')]: '0+2x100' },
      at: '90m',
      fires: [{ labels: ofJob('warning', { long: '1d', short: '2h' }), description: operationsFailed('2%', '1d', '2h', 3) }]
    },
    {
      alert: operations,
      name: '1 % fails for hours: the slowest window warns',
      series: { [calls()]: '0+99x240', [calls('-32603')]: '0+1x240' },
      at: '220m',
      fires: [{ labels: ofJob('warning', { long: '3d', short: '6h' }), description: operationsFailed('1%', '3d', '6h', 1) }]
    },
    {
      alert: operations,
      name: 'clients err, cancel and leave, tools fail for the agents\' reasons, and calls move to other replicas',
      series: { [calls()]: '0+10x240', [calls('moved')]: '0+10x240', [calls('tool_error')]: '0+10x240', [calls('cancelled')]: '0+10x240', [calls('session_ended')]: '0+10x240', [calls('-32602')]: '0+10x240' },
      at: '220m',
      fires: []
    },
    { alert: operations, name: 'one of two operations fails, once', series: { [calls()]: '0 1x60', [calls('-32603')]: '0 1x60' }, at: '10m', fires: [] },
    { alert: operations, name: 'nobody asks anything', series: { [calls()]: '5x60', [calls('-32603')]: '5x60' }, at: '30m', fires: [] },
    {
      alert: agentRuns,
      name: 'a fifth of the runs fails, by error or by timeout',
      series: { [runs('success')]: '0+8x30', [runs('error')]: '0+1x30', [runs('timeout')]: '0+1x30', [runs('waiting')]: '0x30' },
      at: '10m',
      fires: [{ labels: ofJob('critical', { long: '1h', short: '5m' }), description: runsFailed('20%', '1h', '5m', 14.4) }]
    },
    {
      alert: agentRuns,
      name: '10 % are cut by our stop: the second window pages',
      series: { [runs('success')]: '0+9x60', [runs('shutdown')]: '0+1x60' },
      at: '30m',
      fires: [{ labels: ofJob('critical', { long: '6h', short: '30m' }), description: runsFailed('10%', '6h', '30m', 6) }]
    },
    {
      alert: agentRuns,
      name: '4 % fail for an hour and a half: a warning',
      series: { [runs('success')]: '0+96x100', [runs('error')]: '0+4x100' },
      at: '90m',
      fires: [{ labels: ofJob('warning', { long: '1d', short: '2h' }), description: runsFailed('4%', '1d', '2h', 3) }]
    },
    {
      alert: agentRuns,
      name: '2 % fail for hours: the slowest window warns',
      series: { [runs('success')]: '0+98x240', [runs('error')]: '0+2x240' },
      at: '220m',
      fires: [{ labels: ofJob('warning', { long: '3d', short: '6h' }), description: runsFailed('2%', '3d', '6h', 1) }]
    },
    {
      alert: agentRuns,
      name: 'people cancel, and agents wait for people',
      series: { [runs('success')]: '0+1x240', [runs('cancelled')]: '0+5x240', [runs('waiting')]: '0+5x240', [runs('error')]: '0x240' },
      at: '220m',
      fires: []
    },
    { alert: agentRuns, name: 'two of two runs fail in a quiet night', series: { [runs('success')]: '0x60', [runs('error')]: '0x4 1x4 2x50' }, at: '14m', fires: [] }
  ]
}
