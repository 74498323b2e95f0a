import type { Names } from '../names.ts'
import { at, HERE, labelsOf, type AlertCase } from './alert-case.ts'

export function storeCases ({ own, job }: Names): AlertCase[] {
  const { ofJob, ofInstance } = labelsOf(job)
  const within = (seconds: string, operation = 'append'): string => own('store_operation_duration_seconds_bucket', HERE, `operation="${operation}"`, `le="${seconds}"`)
  const withRedis = (instance: string): string => own('config_info', instance, 'session_store="redis"')
  const replicas = (instance: string): string => own('replicas', instance)
  return [
    {
      alert: 'StoreSlow',
      name: 'a tenth of the operations takes longer than 0.1 s',
      series: { [within('0.05')]: '0+90x30', [within('0.1')]: '0+90x30', [within('0.5')]: '0+100x30', [within('+Inf')]: '0+100x30' },
      at: '20m',
      fires: [{
        labels: ofInstance('warning'),
        description: `A twentieth of what mcp-dust-server:5001 of ${job} asks of its session store takes longer than 300ms, and so do the pieces of answers.`
      }]
    },
    {
      alert: 'StoreSlow',
      name: 'only what is done rarely is slow',
      series: {
        [within('0.1')]: '0+100x30',
        [within('0.5')]: '0+100x30',
        [within('+Inf')]: '0+100x30',
        [within('0.1', 'forgetExpired')]: '0x30',
        [within('0.5', 'forgetExpired')]: '0+2x30',
        [within('+Inf', 'forgetExpired')]: '0+2x30'
      },
      at: '20m',
      fires: []
    },
    {
      alert: 'ReplicasApart',
      name: 'two replicas, each with a Redis of its own',
      series: { [withRedis(HERE)]: '1x30', [replicas(HERE)]: '1x30', [withRedis(at('other:5001'))]: '1x30', [replicas(at('other:5001'))]: '1x30' },
      at: '20m',
      fires: [{ labels: ofJob('warning'), description: `Of ${job} there are 2 replicas with Redis, and none of them knows of all the others.` }]
    },
    {
      alert: 'ReplicasApart',
      name: 'a second replica comes, and both know of it a moment later',
      series: { [withRedis(HERE)]: '1x30', [replicas(HERE)]: '1x8 2x21', [withRedis(at('other:5001'))]: '_x7 1x22', [replicas(at('other:5001'))]: '_x7 0 2x21' },
      at: '25m',
      fires: []
    },
    {
      alert: 'ReplicasApart',
      name: 'two instances that share nothing, and were not told to',
      series: Object.fromEntries([HERE, at('other:5001')].flatMap((instance) => [[own('config_info', instance, 'session_store="sqlite"'), '1x30'], [replicas(instance), '1x30']])),
      at: '25m',
      fires: []
    }
  ]
}
