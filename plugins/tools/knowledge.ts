import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'

/** Not `system`: what is only there was shared with nobody. */
const SHARED_KINDS = ['global', 'regular', 'project']
const readOnly = { readOnlyHint: true, openWorldHint: true }
const NullableText = Type.Union([Type.String(), Type.Null()])

/** Tools that tell where the knowledge of the workspace lies. */
export default fp(async ({ config, dust, mcp }) => {
  if (!config.tools.has('knowledge')) return

  mcp.addTool({
    name: 'dust_list_spaces',
    title: 'List Dust spaces',
    description: 'Lists the spaces of the Dust workspace, in which its data sources lie. Use it to find where to search: ' +
      'then list the data sources of a space with dust_list_data_sources. To look for a document by its title in all of them, dust_search_nodes is enough.',
    input: Type.Object({}, { additionalProperties: false }),
    output: Type.Object({
      spaces: Type.Array(Type.Object({
        spaceId: Type.String(),
        name: Type.String(),
        kind: Type.String({ description: 'global: for the whole company; regular; project.' }),
        isRestricted: Type.Boolean({ description: 'Whether only some members of the workspace see it.' })
      }))
    }),
    annotations: readOnly
  }, async (_args, operation) => {
    const spaces = (await dust.for(operation).listSpaces({ kinds: SHARED_KINDS, signal: operation.signal })).filter(({ kind }) => kind !== 'system')
    return {
      text: spaces.length === 0
        ? 'The API key opens no space.'
        : spaces.map(({ sId, name, kind, isRestricted }) => `- ${name} (id: ${sId}, ${kind}${isRestricted ? ', restricted' : ''})`).join('\n'),
      structured: { spaces: spaces.map(({ sId, ...space }) => ({ spaceId: sId, ...space })) }
    }
  })

  mcp.addTool({
    name: 'dust_list_data_sources',
    title: 'List the data sources of a Dust space',
    description: 'Lists the data sources that are seen from a space of the Dust workspace, each by the id of its view, which dust_search takes: ' +
      'folders, websites, and connections such as Notion or Google Drive. Use dust_list_spaces to find the space.',
    input: Type.Object({
      spaceId: Type.String({ minLength: 1, maxLength: 200, description: 'As returned by dust_list_spaces.' })
    }, { additionalProperties: false }),
    output: Type.Object({
      dataSources: Type.Array(Type.Object({
        dataSourceViewId: Type.String(),
        name: Type.String(),
        description: NullableText,
        category: Type.String({ description: 'managed: a connection; folder; website.' }),
        provider: Type.Union([Type.String(), Type.Null()], { description: 'Such as notion; null for a folder.' }),
        isPart: Type.Boolean({ description: 'Whether only some branches of the data source are seen from the space.' })
      }))
    }),
    annotations: readOnly
  }, async ({ spaceId }, operation) => {
    const views = (await dust.for(operation).listDataSourceViews(spaceId, operation.signal)).filter(({ category }) => category !== 'apps' && category !== 'actions' && category !== 'triggers')
    return {
      text: views.length === 0
        ? 'No data source is seen from this space.'
        : views.map(({ sId, category, dataSource: { name, connectorProvider } }) => `- ${name} (view: ${sId}, ${connectorProvider ?? category})`).join('\n'),
      structured: {
        dataSources: views.map(({ sId, kind, category, dataSource: { name, description, connectorProvider } }) =>
          ({ dataSourceViewId: sId, name, description, category, provider: connectorProvider, isPart: kind === 'custom' }))
      }
    }
  })
}, { name: 'tools-knowledge', dependencies: ['config', 'dust', 'mcp'] })
