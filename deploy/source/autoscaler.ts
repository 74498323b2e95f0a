import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2'
import { OBJECT, REPLICAS, type Names } from './names.ts'

/** A run waits for Dust and costs next to no CPU, so what is counted is runs. */
export function autoscaler ({ prefix }: Names): IHorizontalPodAutoscaler {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: OBJECT,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: OBJECT.name },
      minReplicas: REPLICAS.min,
      maxReplicas: REPLICAS.max,
      metrics: [{
        type: 'Pods',
        pods: {
          metric: { name: `${prefix}_agent_runs_in_progress` },
          target: { type: 'AverageValue', averageValue: String(REPLICAS.runsPerPod) }
        }
      }],
      // Rather a pod too many for a while than streams that have to move.
      behavior: { scaleDown: { stabilizationWindowSeconds: 900 } }
    }
  }
}
