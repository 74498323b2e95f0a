import { faultOf, type Answer } from './answers.ts'
import type { RawCase, RawOutcome } from './raw-client.ts'
import type { RequestCase } from './request-cases.ts'

/** The server has no tool that breaks, so nothing may look as if one did. */
const BROKEN = /"code":-32603|fault in the server/

/** What is wrong with the answer to a request; `null` when nothing is. */
export function judgeRequest (answer: Answer, { status, ...asked }: RequestCase): string | null {
  if (status !== undefined && answer.status !== status) return `${answer.status} instead of ${status}: ${answer.text.slice(0, 300)}`
  if (BROKEN.test(answer.text)) return `a fault: ${answer.text.slice(0, 500)}`
  return faultOf(answer, { ...asked, slot: null })
}

/** What is wrong with what came back from a socket. */
export function judgeRaw ({ answers, fault, isPartial, isHanging }: RawOutcome, { then }: RawCase): string | null {
  if (isHanging) return 'neither answered nor closed in time'
  if (fault !== null) return fault
  if (typeof then === 'number' && answers.length < then && answers.at(-1)?.headers.get('connection') !== 'close') return `${answers.length} answers instead of ${then}`
  if (isPartial && then !== 'reset' && then !== 'end') return 'half an answer'
  for (const { status, headers, body } of answers) {
    const text = body.toString()
    if (status >= 500) return `status ${status}: ${text.slice(0, 300)}`
    if (BROKEN.test(text)) return `a fault: ${text.slice(0, 500)}`
    if (headers.get('content-type')?.startsWith('application/json') === true && text !== '' && !isJson(text)) return `no JSON: ${text.slice(0, 300)}`
  }
  return null
}

function isJson (text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
