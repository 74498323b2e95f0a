import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { createFiles } from './files.ts'

const ROOT = path.join(import.meta.dirname, '..', '..')

for (const [file, content] of createFiles()) writeFileSync(path.join(ROOT, file), content)
