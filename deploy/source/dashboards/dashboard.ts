import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { AnnotationQueryBuilder, DashboardBuilder, DashboardCursorSync, DashboardLinkType, DatasourceVariableBuilder, QueryVariableBuilder, RowBuilder, VariableRefresh, VariableSort, type AnnotationQuery, type Dashboard, type DashboardLink, type Panel, type VariableModel } from '@grafana/grafana-foundation-sdk/dashboard'
import { DEFAULTS, type Names } from '../names.ts'
import { DATASOURCE } from './panels.ts'
import { chosen, CHOSEN_JOB } from './queries.ts'

export interface DashboardSource {
  title: string
  description: string
  /** Panels below headings, in the order in which they are read. */
  rows: Record<string, Array<Builder<Panel>>>
}

/**
 * Makes a dashboard like its sisters: the same variables, annotations, and links from one to another.
 *
 * @param slug ends its address and is the name of its file
 */
export function createDashboard (names: Names, slug: string, { title, description, rows }: DashboardSource): Dashboard {
  const builder = new DashboardBuilder(`${productTitle(names)} / ${title}`)
    .uid(`${identifier(names)}-${slug}`)
    .description(description)
    .tags([identifier(names)])
    .readonly()
    .time({ from: 'now-3h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([datasourceVariable(), jobVariable(names), instanceVariable(names)])
    .annotations([starts(names), alerts()])
    .links([{ build: () => sisters(names) }])
  for (const [heading, panels] of Object.entries(rows)) {
    builder.withRow(new RowBuilder(heading))
    for (const panel of panels) builder.withPanel(panel)
  }
  const dashboard = builder.build()
  return { ...dashboard, panels: (dashboard.panels ?? []).map((panel, index) => ({ ...panel, id: index + 1 })) }
}

/** Grafana takes 40 characters, and the longest slug is `overview`. */
function identifier ({ prefix }: Names): string {
  return prefix.replaceAll('_', '-').slice(0, 31)
}

export function productTitle ({ prefix }: Names): string {
  return prefix === DEFAULTS.prefix ? 'MCP Dust Server' : `MCP Dust Server (${prefix})`
}

function datasourceVariable (): Builder<VariableModel> {
  return new DatasourceVariableBuilder('datasource').label('Data Source').type('prometheus')
}

function jobVariable ({ prefix, job }: Names): Builder<VariableModel> {
  return choice('job', 'Job', `label_values(${prefix}_build_info, job)`).current({ text: [job], value: [job] })
}

function instanceVariable ({ prefix }: Names): Builder<VariableModel> {
  return choice('instance', 'Instance', `label_values(${prefix}_build_info{${CHOSEN_JOB}}, instance)`).current({ text: ['All'], value: ['$__all'] })
}

/** Without a value for All, Grafana joins those that the query finds. `.+` would count whatever else Prometheus has: `up` and `process_*` are of every job. */
function choice (name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query(query)
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
}

/** A mark at the moment at which a process began, so that a change is seen beside what it changed. */
function starts (names: Names): Builder<AnnotationQuery> {
  const { own, series } = chosen(names)
  return annotation('Starts', 'blue')
    .expr(`1000 * ${series('process_start_time_seconds')} * on (job, instance) group_left (version) ${own('build_info')}`)
    .useValueForTime(true)
    .titleFormat('Started')
    .textFormat('{{version}} at {{instance}}')
}

function alerts (): Builder<AnnotationQuery> {
  return annotation('Alerts', 'red')
    .expr(`ALERTS{alertstate="firing",severity=~"critical|warning",${CHOSEN_JOB}}`)
    .titleFormat('{{alertname}}')
    .textFormat('{{severity}} {{instance}}')
}

function annotation (name: string, color: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder().name(name).datasource(DATASOURCE).enable(true).iconColor(color)
}

/** Leads to every dashboard of the set and keeps what was chosen. */
function sisters (names: Names): DashboardLink {
  return {
    title: productTitle(names),
    type: DashboardLinkType.Dashboards,
    icon: 'external link',
    tooltip: '',
    tags: [identifier(names)],
    asDropdown: false,
    targetBlank: false,
    includeVars: true,
    keepTime: true
  }
}
