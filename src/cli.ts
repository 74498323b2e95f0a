#!/usr/bin/env node
import { ArgumentError, readArguments, usage, type Arguments } from './cli/arguments.ts'

/** The same as in package.json. Nothing else may be imported before it's looked at: an older Node would end with a fault of its own. */
const NODE_VERSION = 24

const WRONG_ARGUMENTS = 2

const [nodeVersion = ''] = process.versions.node.split('.')
if (Number(nodeVersion) < NODE_VERSION) {
  process.stderr.write(`mcp-dust-server needs Node.js ${NODE_VERSION} or newer; this is ${process.versions.node}. On Linux, npx starts it with the right one, which npm installs beside it.\n`)
  process.exit(1)
}

try {
  await run(readArguments(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof ArgumentError)) throw error
  process.stderr.write(`${error.message}\n\n${usage}`)
  process.exit(WRONG_ARGUMENTS)
}

async function run ({ command, isOnce }: Arguments): Promise<void> {
  switch (command) {
    case 'start':
      await import('./server.ts')
      break
    case 'demo': {
      const { runDemo } = await import('./demo/run-demo.ts')
      await runDemo({ isOnce })
      break
    }
    case 'check': {
      const [{ check }, { readEnvironment }] = await Promise.all([import('./cli/check.ts'), import('./cli/environment.ts')])
      // A plugin that was imported may have left something running.
      process.exit(await check(readEnvironment()))
      break
    }
    case 'print-config': {
      const [{ printConfig }, { readEnvironment }] = await Promise.all([import('./cli/print-config.ts'), import('./cli/environment.ts')])
      process.exitCode = printConfig(readEnvironment())
      break
    }
    case 'help':
      process.stdout.write(usage)
      break
    case 'version': {
      const { version } = await import('./version.ts')
      process.stdout.write(`${version}\n`)
    }
  }
}
