import type { IPodMonitor, IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'
import type { IDeployment } from 'kubernetes-models/apps/v1'
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2'
import type { IIngress, INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1'
import type { IConfigMap, INamespace, IPersistentVolumeClaim, ISecret, IService } from 'kubernetes-models/v1'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'
import { DEPLOY, run } from './run-program.ts'

export type Manifest = IConfigMap | IDeployment | IHorizontalPodAutoscaler | IIngress | INamespace | INetworkPolicy | IPersistentVolumeClaim |
  IPodDisruptionBudget | IPodMonitor | IPrometheusRule | ISecret | IService

export const KUBERNETES = path.join(DEPLOY, 'kubernetes')

/** The documents of a YAML text. They have the types that are claimed here: manifests.test.ts has the compiler look at each. */
export function parseManifests (text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest)
}

/** What `kubectl kustomize` makes of a folder. */
export function render (kubectl: string, folder: string): string {
  const { status, output, said } = run(kubectl, 'kustomize', folder)
  if (status !== 0) throw new Error(`${folder}: ${said}`)
  return output
}

/** Writes a kustomization whose paths are relative to the repository's `deploy/kubernetes`, into a folder of a test, and renders it. */
export function renderCustomization (kubectl: string, folder: string, content: { resources: string[], components?: string[] } & Record<string, unknown>): string {
  mkdirSync(folder, { recursive: true })
  const relative = (target: string): string => path.relative(folder, path.join(KUBERNETES, target))
  const { resources, components = [], ...rest } = content
  writeFileSync(path.join(folder, 'kustomization.yaml'), stringify({ ...rest, resources: resources.map(relative), components: components.map(relative) }))
  return render(kubectl, folder)
}

/** Every way in which the manifests are meant to be installed, by a name. */
export function renderAll (kubectl: string, folder: string): Record<string, Manifest[]> {
  const renderOverlay = (overlay: string): Manifest[] => parseManifests(render(kubectl, path.join(KUBERNETES, 'overlays', overlay)))
  const renderWithOperator = (overlay: string): Manifest[] => parseManifests(renderCustomization(kubectl, path.join(folder, overlay), {
    namespace: 'mcp-dust-server', resources: [`overlays/${overlay}`], components: ['components/prometheus-operator']
  }))
  return {
    single: renderOverlay('single'),
    replicas: renderOverlay('replicas'),
    'single-with-operator': renderWithOperator('single'),
    'replicas-with-operator': renderWithOperator('replicas')
  }
}

type OfKind<Kind extends Manifest['kind']> = Extract<Manifest, { kind: Kind }>

export function allOf<Kind extends Manifest['kind']> (manifests: Manifest[], kind: Kind): Array<OfKind<Kind>> {
  return manifests.filter((manifest): manifest is OfKind<Kind> => manifest.kind === kind)
}

/** The one manifest of that kind, or whichever comes first. */
export function oneOf<Kind extends Manifest['kind']> (manifests: Manifest[], kind: Kind): OfKind<Kind> {
  const [manifest] = allOf(manifests, kind)
  if (manifest === undefined) throw new Error(`There is no ${kind}`)
  return manifest
}

/** What the Deployment makes pods of: their labels, annotations and specification, and their one container. */
export function podOf (manifests: Manifest[]) {
  const template = oneOf(manifests, 'Deployment').spec?.template
  const { labels = {}, annotations = {} } = template?.metadata ?? {}
  const [container, ...others] = template?.spec?.containers ?? []
  if (template?.spec === undefined || container === undefined || others.length > 0) throw new Error('The pod is not of one container')
  return { labels, annotations, spec: template.spec, container }
}

/** The variables that the pod gets from the ConfigMap. */
export function environmentOf (manifests: Manifest[]): Record<string, string> {
  const names = podOf(manifests).container.envFrom?.map(({ configMapRef }) => configMapRef?.name) ?? []
  const [settings, ...others] = allOf(manifests, 'ConfigMap').filter(({ metadata }) => names.includes(metadata?.name))
  if (settings === undefined || others.length > 0) throw new Error('The pod does not refer to one ConfigMap')
  return settings.data ?? {}
}
