import type { Chart } from './charts.ts'

/** In pixels. */
export interface Size {
  width: number
  height: number
}

/** A part of the page. */
export interface Drawing {
  html: string
  /** What is drawn into it when the page is there. */
  chart?: Chart
}
