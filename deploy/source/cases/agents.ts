import type { Names } from '../names.ts'
import { at, HERE, labelsOf, type AlertCase } from './alert-case.ts'

export function agentCases ({ own, job }: Names): AlertCase[] {
  const { ofJob, ofInstance } = labelsOf(job)
  const within = (le: string): string => own('agent_time_to_first_token_seconds_bucket', HERE, `le="${le}"`)
  const firstTokens = own('agent_time_to_first_token_seconds_count', HERE)
  /** Nobody has the first words within 20 seconds, and everybody has them within 30. */
  const slow = (answers: string): Record<string, string> => ({ [within('20')]: '0x60', ...Object.fromEntries([within('30'), within('60'), within('+Inf'), firstTokens].map((name) => [name, answers])) })
  const errors = (type: string): string => own('dust_api_errors_total', HERE, 'endpoint="create_conversation"', `type="${type}"`)
  const requests = (status: number): string => own('dust_api_requests_total', HERE, 'endpoint="create_conversation"', 'method="POST"', `status="${status}"`)
  const dustCheck = own('health_check_status', HERE, 'check="dustApi"')
  return [
    {
      alert: 'SlowFirstToken',
      name: 'the first words take between 20 and 30 seconds',
      series: slow('0+0.5x60'),
      at: '40m',
      fires: [{ labels: ofJob('warning'), description: `A twentieth of the askers of ${job} wait longer than 29.5s for the first words.` }]
    },
    { alert: 'SlowFirstToken', name: 'one slow answer in a quiet hour', series: slow('0 1x59'), at: '14m', fires: [] },
    { alert: 'SlowFirstToken', name: 'four slow answers in each quarter of an hour of a quiet night', series: slow('0+0.27x60'), at: '40m', fires: [] },
    {
      alert: 'AgentRunsSaturated',
      name: 'one of two instances runs 95 of 100',
      series: {
        [own('agent_runs_in_progress', HERE)]: '95x20',
        [own('agent_runs_limit', HERE)]: '100x20',
        [own('agent_runs_in_progress', at('other:5001'))]: '5x20',
        [own('agent_runs_limit', at('other:5001'))]: '100x20'
      },
      at: '15m',
      fires: [{
        labels: ofInstance('warning'),
        description: `mcp-dust-server:5001 of ${job} has 95% of the agent runs that DUST_MAX_RUNS allows; beyond it questions are refused.`
      }]
    },
    { alert: 'AgentRunsSaturated', name: 'a rush of five minutes', series: { [own('agent_runs_in_progress', HERE)]: '95x5 20x14', [own('agent_runs_limit', HERE)]: '100x20' }, at: '15m', fires: [] },
    {
      alert: 'DustApiDown',
      name: 'one of two instances cannot reach Dust',
      series: { [dustCheck]: '1 0x19', [own('health_check_status', at('other:5001'), 'check="dustApi"')]: '1x20' },
      at: '8m',
      fires: [{ labels: ofJob('critical'), description: `At least one instance of ${job} has not been able to use the Dust API for 5m: no agent answers there.` }]
    },
    { alert: 'DustApiDown', name: 'the check fails once', series: { [dustCheck]: '1 0 1x18' }, at: '8m', fires: [] },
    {
      alert: 'DustApiUnauthorized',
      name: 'the key was revoked',
      series: { [errors('unauthorized')]: '0x4 1+1x10' },
      at: '10m',
      fires: [{ labels: ofJob('critical'), description: `Dust refused the API key of ${job} 6 times in 10m.` }]
    },
    { alert: 'DustApiUnauthorized', name: 'it was refused half an hour ago', series: { [errors('unauthorized')]: '0 1x60' }, at: '30m', fires: [] },
    {
      alert: 'DustApiErrors',
      name: 'a quarter of the requests ends in a 500 or in nothing',
      series: { [requests(200)]: '0+9x40', [requests(500)]: '0+2x40', [requests(0)]: '0+1x40', [errors('server_error')]: '0+2x40', [errors('network')]: '0+1x40' },
      at: '25m',
      fires: [{ labels: ofJob('warning'), description: `25% of the requests of ${job} to the Dust API fail.` }]
    },
    {
      alert: 'DustApiErrors',
      name: 'people cancel, and ask for conversations that are gone',
      series: { [requests(200)]: '0+6x40', [requests(404)]: '0+6x40', [errors('not_found')]: '0+6x40', [errors('cancelled')]: '0+6x40' },
      at: '25m',
      fires: []
    },
    {
      alert: 'DustApiErrors',
      name: 'half of a few requests fail',
      series: { [requests(200)]: '0+0.5x40', [requests(500)]: '0+0.5x40', [errors('server_error')]: '0+0.5x40' },
      at: '25m',
      fires: []
    },
    {
      alert: 'DustApiRateLimited',
      name: 'six a minute',
      series: { [errors('rate_limited')]: '0+6x40' },
      at: '20m',
      fires: [{ labels: ofJob('warning'), description: `Dust answers 0.10 requests of ${job} per second with "too many".` }]
    },
    { alert: 'DustApiRateLimited', name: 'one a minute, which is tried again', series: { [errors('rate_limited')]: '0+1x40' }, at: '20m', fires: [] }
  ]
}
