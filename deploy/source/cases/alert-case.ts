/** A course of events, and whether an alert fires at its end. */
export interface AlertCase {
  alert: string
  /** What happens. */
  name: string
  /** Values once a minute, as promtool writes them: `0+60x10` begins at 0 and rises by 60 ten times. */
  series: Record<string, string>
  /** When to look. */
  at: string
  /** The alerts of this name that fire then, with all of their labels. */
  fires: Array<{ labels: Record<string, string>, description: string }>
}

const INSTANCE = 'mcp-dust-server:5001'

/** The matchers of the instance that all is about. */
export const HERE = `instance="${INSTANCE}"`

/** The matchers of one of several. */
export const at = (instance: string): string => `instance="${instance}"`

/** The labels of an alert of the whole job, and those of an alert of one instance. */
export function labelsOf (job: string) {
  return {
    ofJob: (severity: string, labels: Record<string, string> = {}) => ({ job, severity, ...labels }),
    ofInstance: (severity: string, labels: Record<string, string> = {}) => ({ job, instance: INSTANCE, severity, ...labels })
  }
}
