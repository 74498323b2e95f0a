import { parseArgs } from 'node:util'
import { runDemo } from './demo/run-demo.ts'

await runDemo({ isOnce: readArguments() })

function readArguments (): boolean {
  try {
    return parseArgs({ options: { once: { type: 'boolean', default: false } } }).values.once
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nUsage: npm run demo [-- --once]`)
    process.exit(1)
  }
}
