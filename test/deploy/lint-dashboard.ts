import type { DashboardFile, PanelFile, TargetFile, VariableFile } from '../../deploy/source/dashboards/dashboard-file.ts'

/** Panels that Grafana still has. `graph`, `singlestat` and `table-old` are gone. */
const PANEL_TYPES = ['timeseries', 'stat', 'heatmap', 'table', 'row']
const SOURCE = '$datasource'

/**
 * What is wrong with a dashboard, after the rules of Grafana's own linter.
 *
 * @see https://github.com/grafana/dashboard-linter/tree/main/docs/rules
 */
export function lintDashboard (dashboard: DashboardFile): string[] {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row')
  return [
    ...complain(dashboard.title, {
      'has no uid that Grafana takes': /^[\w-]{1,40}$/.test(dashboard.uid),
      'is of an old schema': dashboard.schemaVersion >= 41,
      'can be edited': dashboard.editable === false,
      'has no tag': dashboard.tags.length > 0,
      'has no link to the others': dashboard.links.some(({ type, tags, includeVars, keepTime }) => type === 'dashboards' && tags.some((tag) => dashboard.tags.includes(tag)) && includeVars && keepTime),
      'has a panel that Grafana does not have': dashboard.panels.every(({ type }) => PANEL_TYPES.includes(type)),
      'has panels with the same id': areUnique(dashboard.panels.map(({ id }) => id)),
      'has panels with the same title': areUnique(panels.map(({ title }) => title)),
      'has annotations of a fixed source': dashboard.annotations.list.every(({ datasource }) => datasource?.uid === SOURCE)
    }),
    ...lintVariables(dashboard),
    ...overlaps(dashboard.panels),
    ...panels.flatMap(lintPanel)
  ]
}

function lintVariables ({ title, templating: { list } }: DashboardFile): string[] {
  const [datasource, ...more] = list.filter(({ type }) => type === 'datasource')
  const isChoice = (name: string): boolean => list.some((variable) => variable.name === name && isChoiceOfSeries(variable))
  return complain(title, {
    'has no choice of the data source': datasource?.name === 'datasource' && datasource.label === 'Data Source' && datasource.query === 'prometheus' && more.length === 0,
    'has no choice of jobs': isChoice('job'),
    'has no choice of instances': isChoice('instance')
  })
}

/** Grafana's linter wants `.+` for All, but its rule is for dashboards that own every series they ask for. `up` and `process_*` are of other jobs, too. */
function isChoiceOfSeries ({ type, label, query, datasource, multi, includeAll, allValue }: VariableFile): boolean {
  return type === 'query' && label !== undefined && query?.startsWith('label_values(') === true && datasource?.uid === SOURCE &&
    multi === true && includeAll === true && allValue === undefined
}

function lintPanel ({ title, type, description = '', datasource, fieldConfig, targets = [] }: PanelFile): string[] {
  return [
    ...complain(title, {
      'has no title': title !== '',
      'has no description': /^[A-Z-].*\.$/.test(description),
      'has a fixed source': datasource?.uid === SOURCE,
      'has no unit': type === 'table' || fieldConfig?.defaults.unit !== undefined,
      'asks nothing': targets.length > 0,
      'has queries with the same refId': areUnique(targets.map(({ refId }) => refId)) && targets.every(({ refId }) => /^[A-Z]$/.test(refId))
    }),
    ...targets.flatMap((target) => lintTarget(title, target, type === 'table' ? undefined : target.legendFormat, `${title} ${description}`))
  ]
}

function lintTarget (title: string, { expr, datasource }: TargetFile, legend: string | undefined, words: string): string[] {
  const selectors = [...expr.matchAll(/([a-zA-Z_:][\w:]*)\{([^}]*)\}/g)].map(([, name = '', matchers = '']) => ({ name, matchers }))
  const windows = [...expr.matchAll(/\[([^\]]+)\]/g)].map(([, window = '']) => window)
  const grouped = [...expr.matchAll(/\b(?:by|group_left) \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(', '))
  const inLegend = [...(legend ?? '').matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
  return complain(`${title}: ${expr}`, {
    'has a fixed source': datasource?.uid === SOURCE,
    'has no legend': legend !== '',
    'selects nothing': selectors.length > 0,
    'is not of the chosen jobs': selectors.every(({ matchers }) => matchers.includes('job=~"$job"')),
    'is not of the chosen instances': selectors.every(({ name, matchers }) => isOfJob(name) || matchers.includes('instance=~"$instance"')),
    'does not make a rate of a counter': selectors.every(({ name }) => !/_(total|bucket|sum|count)$/.test(name) || isInRate(expr, name)),
    'has a window that nobody is told of': windows.every((window) => window === '$__rate_interval' || new RegExp(`\\b${window}\\b`).test(words)),
    'has a legend with a label that is summed away': !/\bby \(/.test(expr) || inLegend.every((label) => grouped.includes(label))
  })
}

/** Of a whole job: it has no instance, or is about those that are gone, which nobody can choose. */
function isOfJob (name: string): boolean {
  return name.startsWith('job:') || name === 'ALERTS' || name === 'up'
}

function isInRate (expr: string, counter: string): boolean {
  return expr.split(`${counter}{`).slice(0, -1).every((before) => /(rate|increase)\($/.test(before))
}

function overlaps (panels: PanelFile[]): string[] {
  return panels.flatMap(({ title, gridPos: { x, y, w, h } }, index) => {
    const hit = panels.slice(index + 1).find(({ gridPos: other }) => x < other.x + other.w && other.x < x + w && y < other.y + other.h && other.y < y + h)
    return complain(title, {
      'is beyond the edge': x >= 0 && w > 0 && h > 0 && x + w <= 24,
      [`lies over ${hit?.title}`]: hit === undefined
    })
  })
}

function areUnique (values: unknown[]): boolean {
  return new Set(values).size === values.length
}

/** The complaints whose condition doesn't hold. */
function complain (about: string, conditions: Record<string, boolean>): string[] {
  return Object.entries(conditions).flatMap(([complaint, holds]) => holds ? [] : [`${about} ${complaint}`])
}
