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

/** What the server offers to MCP clients. Schemas are compiled once, when something is added. */
export class Catalog {
  readonly tools: Registry<RegisteredTool>
  readonly resources: Registry<RegisteredResource>
  readonly templates: Registry<RegisteredTemplate>
  readonly prompts: Registry<RegisteredPrompt>

  /** @param onChange a list has changed */
  constructor (onChange: (kind: ListKind) => void = () => {}) {
    this.tools = new Registry('tool', () => { onChange('tools') })
    this.resources = new Registry('resource', () => { onChange('resources') })
    this.templates = new Registry('resource template', () => { onChange('resources') })
    this.prompts = new Registry('prompt', () => { onChange('prompts') })
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
