import type { TObject, TSchema } from '@sinclair/typebox'
import { createPrompt, type PromptDefinition, type PromptHandler, type RegisteredPrompt } from './catalog/prompts.ts'
import { Registry } from './catalog/registry.ts'
import {
  createResource, createTemplate,
  type RegisteredResource, type RegisteredTemplate, type ResourceDefinition, type ResourceReader, type ResourceTemplateDefinition, type TemplateReader
} from './catalog/resources.ts'
import { createTool, type RegisteredTool, type ToolDefinition, type ToolHandler } from './catalog/tools.ts'

/** Lists that clients know and may have to read again. */
export const LIST_KINDS = ['tools', 'resources', 'prompts'] as const

export type ListKind = typeof LIST_KINDS[number]

/** Resolves to what to tell a model that calls a tool which isn't there; `undefined` when there is nothing to say. */
export type ExplainMissingTool = (name: string) => Promise<string | undefined>

/** What the server offers to MCP clients. Schemas are compiled once, when something is added. */
export class Catalog {
  readonly tools: Registry<RegisteredTool>
  readonly resources: Registry<RegisteredResource>
  readonly templates: Registry<RegisteredTemplate>
  readonly prompts: Registry<RegisteredPrompt>

  readonly #explanations: ExplainMissingTool[] = []
  readonly #onChange: (kind: ListKind) => void
  /** Lists that have changed, while several changes are made at once. */
  #collected: Set<ListKind> | null = null

  /** @param onChange a list has changed */
  constructor (onChange: (kind: ListKind) => void = () => {}) {
    this.#onChange = onChange
    this.tools = new Registry('tool', () => { this.#changed('tools') })
    this.resources = new Registry('resource', () => { this.#changed('resources') })
    this.templates = new Registry('resource template', () => { this.#changed('resources') })
    this.prompts = new Registry('prompt', () => { this.#changed('prompts') })
  }

  /** Makes several changes, then tells once which lists they concern, also when the work broke off. */
  change (work: () => void, tell: (kinds: ReadonlySet<ListKind>) => void): void {
    const collected = new Set<ListKind>()
    const outer = this.#collected
    this.#collected = collected
    try {
      work()
    } finally {
      this.#collected = outer
      tell(collected)
    }
  }

  #changed (kind: ListKind): void {
    if (this.#collected === null) this.#onChange(kind)
    else this.#collected.add(kind)
  }

  /** @param explain is asked when a tool isn't there; the tool may come until it has answered */
  addExplanation (explain: ExplainMissingTool): void {
    this.#explanations.push(explain)
  }

  /** Finds a tool, or why it isn't there. */
  async findTool (name: string): Promise<RegisteredTool | string | undefined> {
    const tool = this.tools.get(name)
    if (tool !== undefined) return tool
    for (const explain of this.#explanations) {
      const words = await explain(name)
      const late = this.tools.get(name)
      if (late !== undefined || words !== undefined) return late ?? words
    }
    return undefined
  }

  /** @throws {CatalogError} when the name is taken or not allowed, or a schema can't be compiled */
  addTool<Input extends TSchema, Output extends TSchema = TObject> (definition: ToolDefinition<Input, Output>, handler: ToolHandler<Input, Output>): void {
    this.tools.add(definition.name, createTool(definition, handler))
  }

  /** @throws {CatalogError} when the URI is taken or isn't one */
  addResource (definition: ResourceDefinition, reader: ResourceReader): void {
    this.resources.add(definition.uri, createResource(definition, reader))
  }

  /** @throws {CatalogError} when the template is taken or isn't one */
  addResourceTemplate (definition: ResourceTemplateDefinition, reader: TemplateReader): void {
    this.templates.add(definition.uriTemplate, createTemplate(definition, reader))
  }

  /** @throws {CatalogError} when the name is taken, or an argument isn't a string */
  addPrompt<Input extends TObject> (definition: PromptDefinition<Input>, handler: PromptHandler<Input>): void {
    this.prompts.add(definition.name, createPrompt(definition, handler))
  }
}
