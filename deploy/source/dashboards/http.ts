import * as units from '@grafana/grafana-foundation-sdk/units'
import { clientsOnly, probesOnly, type Names } from '../names.ts'
import type { DashboardSource } from './dashboard.ts'
import { graph, heatmap } from './panels.ts'
import { chosen, perSecond, quantile, spread } from './queries.ts'
import { httpErrors, httpLatency } from './shared-panels.ts'

const ROUTE = ['method', 'path']
const ROUTE_LEGEND = '{{method}} {{path}}'

/** HTTP as clients see it. Probes and scrapes are counted apart: they would hide the rest. */
export function httpDashboard (names: Names): DashboardSource {
  const { own } = chosen(names)
  const clients = clientsOnly(names)
  return {
    title: 'HTTP',
    description: 'HTTP as clients see it. Most failures of MCP are an HTTP 200: see the overview for those.',
    rows: {
      Requests: [
        graph({
          title: 'HTTP Request Rate',
          description: 'Requests of clients. Probes and scrapes have a panel of their own.',
          unit: units.RequestsPerSecond,
          queries: [{ expr: perSecond(own('http_requests_total', clients), ...ROUTE), legend: ROUTE_LEGEND }]
        }),
        graph({
          title: 'HTTP Request Duration (95th percentile)',
          description: 'A twentieth of the requests takes longer; for an event stream it is the time until its head.',
          unit: units.Seconds,
          queries: [{ expr: quantile(0.95, own('http_request_duration_seconds_bucket', clients), ROUTE), legend: ROUTE_LEGEND }]
        }),
        graph({
          title: 'HTTP Error Rate',
          description: 'Requests that were answered with a 5xx. 503 means that the service sheds load, stops, or has no store.',
          unit: units.RequestsPerSecond,
          queries: [{ expr: perSecond(own('http_requests_total', 'status=~"5.."', clients), ...ROUTE, 'status'), legend: `${ROUTE_LEGEND} {{status}}` }]
        }),
        graph({
          title: 'Answers by status',
          description: 'What requests of clients were answered with; 499: the client left before the answer began.',
          unit: units.RequestsPerSecond,
          queries: [{ expr: perSecond(own('http_requests_total', clients), 'status'), legend: '{{status}}' }]
        }),
        httpLatency(names),
        httpErrors(names)
      ],
      'Load and bodies': [
        heatmap({
          title: 'Request durations',
          description: 'How many requests of clients took how long; for an event stream it is the time until its head.',
          unit: units.Seconds,
          expr: spread(own('http_request_duration_seconds_bucket', clients))
        }),
        graph({
          title: 'Request size (95th percentile)',
          description: 'A twentieth of the bodies that arrived is larger.',
          unit: units.BytesIEC,
          queries: [{ expr: quantile(0.95, own('http_request_size_bytes_bucket', clients), ROUTE), legend: ROUTE_LEGEND }]
        }),
        graph({
          title: 'Response size (95th percentile)',
          description: 'A twentieth of the bodies that were sent is larger, event streams included.',
          unit: units.BytesIEC,
          queries: [{ expr: quantile(0.95, own('http_response_size_bytes_bucket', clients), ROUTE), legend: ROUTE_LEGEND }]
        }),
        graph({
          title: 'Requests in flight',
          description: 'Requests whose answer has not ended, event streams included.',
          unit: units.Short,
          queries: [{ expr: `sum by (path) (${own('http_requests_in_flight', clients)})`, legend: '{{path}}' }]
        }),
        graph({
          title: 'Refused credentials',
          description: 'Requests that were refused for lack of a valid credential.',
          unit: units.RequestsPerSecond,
          queries: [{ expr: perSecond(own('auth_failures_total'), 'reason'), legend: '{{reason}}' }]
        }),
        graph({
          title: 'Probes and scrapes',
          description: 'Requests of machines that watch. Their success says nothing about that of clients.',
          unit: units.RequestsPerSecond,
          queries: [{ expr: perSecond(own('http_requests_total', probesOnly(names)), 'path'), legend: '{{path}}' }]
        })
      ]
    }
  }
}
