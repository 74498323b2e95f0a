import type { FastifyPluginAsync } from 'fastify'
import { send } from './files.ts'

/** What stands in for Dust's storage: its addresses open by themselves, and it wants no key. */
export const storageRoutes: FastifyPluginAsync = async (scope) => {
  const { files } = scope.emulator.workspace

  scope.get<{ Params: { signature: string } }>('/:signature', async ({ params, headers }, reply) => {
    if (headers.authorization !== undefined) return reply.code(400).type('application/xml').send('<Error><Code>InvalidArgument</Code><Message>Only one way to authenticate.</Message></Error>')
    const file = files.bySignature(params.signature)
    if (file === undefined) return reply.code(403).type('application/xml').send('<Error><Code>SignatureDoesNotMatch</Code></Error>')
    return send(reply.header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(file.fileName)}`), file)
  })
}
