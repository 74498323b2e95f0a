import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createFiles } from './files.ts'
import { createNames, DEFAULTS } from './names.ts'

const { values } = parseArgs({
  options: {
    prefix: { type: 'string', default: DEFAULTS.prefix },
    'metrics-path': { type: 'string', default: DEFAULTS.metricsPath },
    job: { type: 'string', default: DEFAULTS.job },
    runbooks: { type: 'string', default: DEFAULTS.runbooks },
    speed: { type: 'string', default: String(DEFAULTS.speed) },
    out: { type: 'string', default: path.dirname(import.meta.dirname) }
  }
})

for (const [file, content] of createFiles(createNames({ ...values, metricsPath: values['metrics-path'], speed: Number(values.speed) }))) {
  const target = path.join(values.out, file)
  mkdirSync(path.dirname(target), { recursive: true })
  writeFileSync(target, content)
}
