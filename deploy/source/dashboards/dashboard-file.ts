import { readFileSync } from 'node:fs'

/** What is looked at of a dashboard's file, as it is written. */
export interface DashboardFile {
  uid: string
  title: string
  schemaVersion: number
  editable: boolean
  tags: string[]
  links: Array<{ type: string, tags: string[], includeVars: boolean, keepTime: boolean }>
  templating: { list: VariableFile[] }
  annotations: { list: AnnotationFile[] }
  panels: PanelFile[]
}

export interface VariableFile {
  name: string
  type: string
  label?: string
  query?: string
  datasource?: Datasource
  multi?: boolean
  includeAll?: boolean
  allValue?: string
  /** What is chosen when the dashboard is opened. */
  current?: { value: string | string[] }
}

export interface AnnotationFile {
  name: string
  datasource?: Datasource
  expr?: string
  titleFormat?: string
  textFormat?: string
}

export interface PanelFile {
  id: number
  type: string
  title: string
  description?: string
  gridPos: { x: number, y: number, w: number, h: number }
  datasource?: Datasource
  targets?: TargetFile[]
  fieldConfig?: {
    defaults: {
      unit?: string
      noValue?: string
      mappings?: Array<{ options: Record<string, { text: string }> }>
      thresholds?: { steps: Array<{ value: number | null, color: string }> }
      custom?: { axisSoftMax?: number, thresholdsStyle?: { mode: string } }
    }
  }
  options?: { yAxis?: { unit?: string }, textMode?: string }
  transformations?: Array<{ options: { indexByName: Record<string, number>, renameByName: Record<string, string> } }>
}

export interface TargetFile {
  refId: string
  expr: string
  legendFormat: string
  instant: boolean
  datasource?: Datasource
}

interface Datasource {
  type: string
  uid: string
}

/** Reads a file that `npm run deploy:generate` has written. */
export function readDashboard (file: string): DashboardFile {
  return JSON.parse(readFileSync(file, 'utf8')) as DashboardFile
}
