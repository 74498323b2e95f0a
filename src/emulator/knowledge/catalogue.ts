/** Where the emulated company keeps what it knows. All of it is made up, and always the same. */

export const spaces = [
  space('vlt_global', 'Company Data', 'global', false),
  space('vlt_system', 'System', 'system', true),
  space('vlt_crew', 'Crew', 'regular', true),
  space('vlt_launch', 'Launch', 'project', false)
]

function space (sId: string, name: string, kind: string, isRestricted: boolean) {
  return { sId, name, kind, groupIds: ['grp_everyone'], isRestricted, createdAt: 1768470000000, updatedAt: 1768470000000, managementMode: 'manual' }
}

const handbook = dataSource(1, 'dts_handbook', 'handbook', 'How we work', null)
const notion = dataSource(2, 'dts_notion', 'managed-notion', null, 'notion')
const website = dataSource(3, 'dts_docs', 'docs.example.com', 'Public documentation', 'webcrawler')
const figures = dataSource(4, 'dts_figures', 'figures', 'Tables', null)
const launch = dataSource(5, 'dts_launch', 'launch-room', 'What the launch needs', null)

/** A connection lies whole in the system space, and only parts of it are shared. */
export const views = [
  view(11, 'dsv_handbook', 'vlt_global', handbook, 'folder', null),
  view(12, 'dsv_notion_all', 'vlt_system', notion, 'managed', null),
  view(13, 'dsv_notion', 'vlt_global', notion, 'managed', ['notion-product']),
  view(14, 'dsv_docs', 'vlt_crew', website, 'website', null),
  view(15, 'dsv_figures', 'vlt_crew', figures, 'folder', null),
  view(16, 'dsv_launch', 'vlt_launch', launch, 'folder', null),
  view(17, 'dsv_handbook_crew', 'vlt_crew', handbook, 'folder', ['handbook-travel'])
]

export type DataSource = ReturnType<typeof dataSource>
export type View = ReturnType<typeof view>

function dataSource (id: number, sId: string, name: string, description: string | null, connectorProvider: string | null) {
  return {
    id,
    sId,
    name,
    description,
    createdAt: 1768470000000,
    assistantDefaultSelected: connectorProvider !== null,
    dustAPIProjectId: String(1000 + id),
    dustAPIDataSourceId: `core-${id}`,
    connectorId: connectorProvider === null ? null : String(700 + id),
    connectorProvider,
    editedByUser: null
  }
}

function view (id: number, sId: string, spaceId: string, source: DataSource, category: string, parentsIn: string[] | null) {
  return { id, sId, spaceId, kind: parentsIn === null ? 'default' : 'custom', category, dataSource: source, parentsIn, createdAt: 1768470000000, updatedAt: 1768470000000, editedByUser: null }
}
