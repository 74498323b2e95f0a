import type { Config } from '../../config.ts'
import { LogFile, LogFileError } from '../../log-file.ts'
import { off, ok, wrong, type Finding } from '../finding.ts'

/** Opens the log file as the server would, which makes it when there is none. */
export function checkLogFile ({ file, maxSizeBytes, maxFiles }: Config['logs']): Finding {
  if (file === null) return off('LOG_FILE is not set: lines go to stdout alone')
  try {
    new LogFile({ file, maxSizeBytes, maxFiles }).close()
    return ok(`${file} can be written`)
  } catch (error) {
    if (!(error instanceof LogFileError)) throw error
    return wrong(`${error.message}. Set LOG_FILE to a file that can be written.`)
  }
}
