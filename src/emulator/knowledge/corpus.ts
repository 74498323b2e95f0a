export interface Entry {
  internalId: string
  dataSourceId: string
  title: string
  type: 'document' | 'table' | 'folder'
  mimeType: string
  parentId: string | null
  sourceUrl: string | null
  tags: string[]
  /** Milliseconds since the epoch. */
  timestamp: number
  /** Paragraphs. */
  passages: string[]
}

const day = 86_400_000
const epoch = 1_767_225_600_000
let age = 0

/** Everything that can be found, each entry a day younger than the one before. */
export const corpus: readonly Entry[] = [
  folder('handbook-travel', 'dts_handbook', 'Travel'),
  document('handbook-expenses', 'dts_handbook', 'Travel expenses', 'handbook-travel', ['policy', 'finance'], [
    'Train tickets are paid by the company. Book second class and keep the receipt.',
    'A hotel may cost 140 euros a night. Meals are paid as a daily rate, without receipts.',
    'Hand in what you spent within thirty days, or the accountants will find you.'
  ]),
  document('handbook-leave', 'dts_handbook', 'Vacation and leave', null, ['policy', 'people'], [
    'Everybody has thirty days of vacation a year. Ask your lead two weeks ahead.',
    'Parents may take six months of leave, together or one after the other.'
  ]),
  document('handbook-onboarding', 'dts_handbook', 'Your first week 🚀', null, ['people'], [
    'On your first day you get a laptop, a badge and a person who has lunch with you.',
    'Deploy something small before Friday: the deployment guide says how.'
  ]),
  folder('notion-product', 'dts_notion', 'Product'),
  document('notion-roadmap', 'dts_notion', 'Roadmap 2026', 'notion-product', ['plan'], [
    'In spring we rebuild checkout. In summer we open the marketplace.',
    'Search gets better all year: that is what customers ask for most.'
  ], 'https://notion.so/example/roadmap-2026'),
  document('notion-incident', 'dts_notion', 'Incident of 3 March: checkout was down', 'notion-product', ['incident'], [
    'Checkout was down for 41 minutes because a certificate had expired.',
    'We now renew certificates by machine and page somebody ten days before.'
  ], 'https://notion.so/example/incident-march'),
  document('notion-salaries', 'dts_notion', 'Salary bands', null, ['people', 'secret'], [
    'Not shared with any space. Whoever reads this has found a leak.'
  ], 'https://notion.so/example/salaries'),
  document('docs-deploy', 'dts_docs', 'Deployment guide', null, ['engineering'], [
    'A deployment goes to one region first. Watch the error rate for ten minutes.',
    'To roll back, deploy the version before: it takes two minutes.'
  ], 'https://docs.example.com/deploy'),
  document('docs-hebrew', 'dts_docs', 'מדריך למשתמש', null, ['manual'], ['ברוכים הבאים. כאן מתחילים.'], 'https://docs.example.com/he/start'),
  document('docs-japanese', 'dts_docs', '利用ガイド', null, ['manual'], ['ようこそ。まず設定を開いてください。'], 'https://docs.example.com/ja/start'),
  table('figures-revenue', 'Revenue by month', ['month,revenue\n2026-01,120000\n2026-02,131000\n2026-03,98000']),
  table('figures-headcount', 'Headcount', ['team,people\nengineering,31\nsales,12']),
  ...Array.from({ length: 60 }, (_, index) => document(`launch-${index + 1}`, 'dts_launch', `Launch checklist ${index + 1}`, null, ['launch'], [
    `Step ${index + 1} of the launch: check that station ${index + 1} has an owner.`
  ]))
]

function entry (fields: Omit<Entry, 'timestamp'>): Entry {
  return { ...fields, timestamp: epoch + day * age++ }
}

function folder (internalId: string, dataSourceId: string, title: string): Entry {
  return entry({ internalId, dataSourceId, title, type: 'folder', mimeType: 'application/vnd.dust.folder', parentId: null, sourceUrl: null, tags: [], passages: [] })
}

function document (internalId: string, dataSourceId: string, title: string, parentId: string | null, tags: string[], passages: string[], sourceUrl: string | null = null): Entry {
  return entry({ internalId, dataSourceId, title, type: 'document', mimeType: 'text/markdown', parentId, sourceUrl, tags, passages })
}

function table (internalId: string, title: string, passages: string[]): Entry {
  return entry({ internalId, dataSourceId: 'dts_figures', title, type: 'table', mimeType: 'text/csv', parentId: null, sourceUrl: null, tags: [], passages })
}
