import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { BigValueColorMode, BigValueGraphMode, BigValueTextMode, GraphThresholdsStyleConfigBuilder, GraphThresholdsStyleMode, LegendDisplayMode, LegendPlacement, ReduceDataOptionsBuilder, SortOrder, TooltipDisplayMode, VisibilityMode, VizLegendOptionsBuilder, VizTooltipOptionsBuilder } from '@grafana/grafana-foundation-sdk/common'
import { MappingType, ThresholdsConfigBuilder, ThresholdsMode, type Panel, type Threshold, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as HeatmapBuilder, YAxisConfigBuilder } from '@grafana/grafana-foundation-sdk/heatmap'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { Short } from '@grafana/grafana-foundation-sdk/units'
import type { Query } from './queries.ts'
import { SEVERITY_COLORS, THRESHOLDS, type DrawnAlert } from './thresholds.ts'

/** Whatever the person has chosen at the top of the dashboard. */
export const DATASOURCE = { type: 'prometheus', uid: '$datasource' }

/** In 24ths of the page, and in steps of its grid. */
const LARGE = { width: 8, height: 8 }
const SMALL = { width: 4, height: 4 }

interface Source {
  title: string
  description: string
}

interface Measured extends Source {
  unit: string
  queries: Query[]
  /** The alert that looks at the same. */
  alert?: DrawnAlert
}

/** Lines over time, each named in the legend. The limit of the alert is a line, too, and always in the picture. */
export function graph ({ title, description, unit, queries, alert }: Measured): Builder<Panel> {
  const panel = new TimeseriesBuilder()
    .title(title)
    .description(withAlert(description, alert))
    .datasource(DATASOURCE)
    .span(LARGE.width)
    .height(LARGE.height)
    .unit(unit)
    .min(0)
    .lineWidth(1)
    .fillOpacity(10)
    .showPoints(VisibilityMode.Never)
    .legend(new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).showLegend(true))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .targets(queries.map((query, index) => target(query, index).range()))
  if (alert === undefined) return panel
  return panel
    .thresholds(steps('green', ...alertSteps(alert)))
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
    .axisSoftMax(THRESHOLDS[alert].value * 1.2)
}

interface Stat extends Measured {
  /** What is shown while there is no value. */
  noValue: string
  /** Lower values are bad news. */
  goodFrom?: number
  /** Lower values are good news. */
  badFrom?: number
  /** Words for values. */
  words?: Record<number, string>
}

/** The present value, large. */
export function stat (source: Stat): Builder<Panel> {
  const { title, description, unit, queries, alert, noValue, words = {} } = source
  return new StatBuilder()
    .title(title)
    .description(withAlert(description, alert))
    .datasource(DATASOURCE)
    .span(SMALL.width)
    .height(SMALL.height)
    .unit(unit)
    .noValue(noValue)
    .mappings(mappings(words))
    .thresholds(colors(source))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .textMode(queries.length > 1 ? BigValueTextMode.ValueAndName : BigValueTextMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .targets(queries.map((query, index) => target(query, index).instant()))
}

interface Heatmap extends Source {
  /** Of the buckets' bounds. */
  unit: string
  /** How many observations each bucket has. */
  expr: string
}

/** How observations spread over the buckets of a histogram, over time. */
export function heatmap ({ title, description, unit, expr }: Heatmap): Builder<Panel> {
  return new HeatmapBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .span(LARGE.width)
    .height(LARGE.height)
    .unit(Short)
    .yAxis(new YAxisConfigBuilder().unit(unit))
    .targets([target({ expr, legend: '{{le}}' }, 0).range().format(PromQueryFormat.Heatmap)])
}

interface Table extends Source {
  expr: string
  /** Labels, by the heading of their column. */
  columns: Record<string, string>
}

/** The labels of what there is at present. */
export function table ({ title, description, expr, columns }: Table): Builder<Panel> {
  const labels = Object.values(columns)
  return new TableBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .span(LARGE.width)
    .height(LARGE.height)
    .targets([target({ expr, legend: '' }, 0).instant().format(PromQueryFormat.Table)])
    .transformations([{
      id: 'organize',
      options: {
        excludeByName: { Time: true, Value: true },
        indexByName: Object.fromEntries(labels.map((label, index) => [label, index])),
        renameByName: Object.fromEntries(Object.entries(columns).map(([heading, label]) => [label, heading]))
      }
    }])
}

function target ({ expr, legend }: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(String.fromCharCode('A'.charCodeAt(0) + index))
    .datasource(DATASOURCE)
    .expr(expr)
    .legendFormat(legend)
}

function withAlert (description: string, alert: DrawnAlert | undefined): string {
  if (alert === undefined) return description
  const { objective } = THRESHOLDS[alert]
  return `${description}${objective === undefined ? '' : ' Orange is more than the objective allows.'} The limit is that of the alert ${alert}.`
}

function alertSteps (alert: DrawnAlert): Threshold[] {
  const { value, severity, objective } = THRESHOLDS[alert]
  const limit = { value, color: SEVERITY_COLORS[severity] }
  return objective === undefined ? [limit] : [{ value: objective, color: SEVERITY_COLORS.warning }, limit]
}

function colors ({ alert, goodFrom, badFrom }: Stat): ThresholdsConfigBuilder {
  if (alert !== undefined) return steps('green', ...alertSteps(alert))
  if (goodFrom !== undefined) return steps('red', { value: goodFrom, color: 'green' })
  if (badFrom !== undefined) return steps('green', { value: badFrom, color: 'red' })
  return steps('text')
}

function steps (base: string, ...more: Threshold[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: base }, ...more])
}

function mappings (words: Record<number, string>): ValueMapping[] {
  const options = Object.fromEntries(Object.entries(words).map(([value, text]) => [value, { text }]))
  return Object.keys(options).length === 0 ? [] : [{ type: MappingType.ValueToText, options }]
}
