import { spawn } from 'node:child_process'

/** Starts a process with the script that it's given, and waits. */
const child = spawn(process.execPath, ['--eval', process.argv[2] ?? ''], { stdio: ['ignore', 'inherit', 'inherit'] })
process.once('SIGTERM', () => { child.kill('SIGKILL') })
