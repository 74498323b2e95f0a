const awkward = [
  'Sales: EMEA', 'Sales (EMEA)', 'SALES   EMEA', 'Sales EMEA 2', '🚀 Launch', '🦊', '👩‍🔬👩‍🔬', 'مساعد المبيعات', 'עוזר אישי', 'Ask עולם now', '数据分析师', '営業アシスタント',
  'Café', 'Cafe\u0301', '***', 'ask agent', 'list_agents', '42', `A name ${'that goes on and on '.repeat(10)}`.trim(), 'tab\tand\nline', '<b>bold</b> & "quoted"', '../../etc/passwd'
]
const areas = ['Finance', 'Legal', 'People', 'Support', 'Growth', 'Data', 'Security', 'Brand', 'Field', 'Platform']
const roles = ['Analyst', 'Helper', 'Writer', 'Planner', 'Reviewer', 'Translator', 'Coach']

/** Names without end: first those that make trouble, then ordinary ones. */
export function * crowdNames (): Generator<string, never> {
  yield * awkward
  for (let number = 0; ; number++) {
    const round = Math.floor(number / (areas.length * roles.length))
    const name = `${areas[number % areas.length]} ${roles[Math.floor(number / areas.length) % roles.length]}`
    yield round === 0 ? name : `${name} ${round + 1}`
  }
}
