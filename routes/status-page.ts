import type { FastifyPluginAsync } from 'fastify'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { EVENT_STREAM_HEADERS } from '../src/event-stream-headers.ts'
import { SECURITY_HEADERS } from '../src/security-headers.ts'
import { startStream } from './start-stream.ts'

/** Only what the server itself sends is run, shown or asked; no text ever becomes markup. */
const POLICY = [
  'default-src \'none\'', 'script-src \'self\'', 'style-src \'self\'', 'img-src \'self\'', 'connect-src \'self\'', 'base-uri \'none\'', 'form-action \'none\'', 'frame-ancestors \'none\'',
  'require-trusted-types-for \'script\'', 'trusted-types \'none\''
].join('; ')

const HEADERS = { ...SECURITY_HEADERS, 'content-security-policy': POLICY, 'cross-origin-opener-policy': 'same-origin', 'cache-control': 'no-cache' }

const TYPES: Readonly<Record<string, string>> = { '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml', '.html': 'text/html; charset=utf-8' }

/** Somebody looks because the server is overloaded, too. */
const always = { config: { pressureHandler: () => {} } }

interface Asset {
  bytes: Buffer
  type: string
  etag: string
}

/** The page that shows how the service is. What it's made of tells nothing; what it shows is for those who may read the metrics. */
const statusPageRoutes: FastifyPluginAsync = async (fastify) => {
  const { status } = fastify
  if (status === null) return
  const assets = readAssets()

  fastify.addHook('onRequest', fastify.security.refuseStrangers)

  for (const [url, nameOf] of [['/', () => 'index.html'], ['/status/:file', (file: string) => file]] as const) {
    // Its own addresses are relative, for services below a prefix and behind proxies that take one away.
    fastify.get<{ Params: { file: string } }, typeof always.config>(url, { ...always, prefixTrailingSlash: 'slash' }, async (request, reply) => {
      const asset = assets.get(nameOf(request.params.file))
      if (asset === undefined) return reply.callNotFound()
      reply.headers(HEADERS).header('etag', asset.etag)
      return request.headers['if-none-match'] === asset.etag ? reply.code(304).send() : reply.type(asset.type).send(asset.bytes)
    })
  }

  await fastify.register(async (scope) => {
    scope.operators.admit(scope)
    // Its timing must end with the head of the stream.
    scope.get('/status/events', { exposeHeadRoute: false, config: { ...always.config, disableMetrics: true } }, async (request, reply) => {
      if (status.isOver) return reply.code(503).headers({ 'retry-after': 1, connection: 'close' }).send({ statusCode: 503, error: 'Service Unavailable', message: 'The server is stopping; try again' })
      const seesReasons = await scope.operators.maySeeReasons(request)
      status.watch(startStream(reply, 'status', EVENT_STREAM_HEADERS), seesReasons)
      return reply
    })
  })
}

export default statusPageRoutes

/** Everything that the page is made of, by name. */
function readAssets (): ReadonlyMap<string, Asset> {
  const folder = path.join(import.meta.dirname, '..', 'status-page')
  const charts = path.dirname(createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css'))
  const files = [
    ...readdirSync(folder).filter((name) => path.extname(name) in TYPES).map((name) => path.join(folder, name)),
    path.join(charts, 'uPlot.iife.min.js'),
    path.join(charts, 'uPlot.min.css')
  ]
  return new Map(files.map((file) => {
    const bytes = readFileSync(file)
    return [path.basename(file), { bytes, type: TYPES[path.extname(file)] ?? '', etag: `"${createHash('sha256').update(bytes).digest('base64url')}"` }]
  }))
}
