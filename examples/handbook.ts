/**
 * Offers a folder of Markdown pages to MCP clients and Dust agents: the pages as resources, a search, a question that an agent
 * answers from a page, and a prompt for it. Pages may come, go and change while clients are connected.
 *
 *     HANDBOOK_DIR=./docs EXTRA_PLUGINS=./examples/handbook.ts npm start
 */
import { Counter, Gauge } from '@prometheus-io/client'
import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { ToolError, type Operation } from 'mcp-dust-server'
import { watch } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

interface Page {
  /** Path within the folder, without `.md`. */
  name: string
  title: string
  text: string
}

const MIME_TYPE = 'text/markdown'
/** Editors write a file in several steps. */
const SETTLE_MS = 100

export default fp(async (fastify) => {
  const { mcp, dust, health, instruments, log } = fastify
  const folder = path.resolve(process.env['HANDBOOK_DIR'] ?? 'docs')
  let pages: ReadonlyMap<string, Page> = new Map()

  const registers = [instruments.registry]
  const pageCount = new Gauge({ name: 'handbook_pages', help: 'Pages of the handbook.', registers })
  const searches = new Counter({ name: 'handbook_searches_total', help: 'Searches in the handbook.', labelNames: ['outcome'], registers })
  for (const outcome of ['found', 'nothing']) searches.inc({ outcome }, 0)

  mcp.addResourceTemplate({
    uriTemplate: 'handbook://pages/{+page}', name: 'handbook_page', title: 'Page of the handbook', mimeType: MIME_TYPE, complete: { page: suggest }
  }, ({ page = '' }) => read(page))

  mcp.addTool({
    name: 'handbook_search',
    title: 'Search the handbook',
    description: 'Finds the pages of the company handbook that contain all words of the query. Read a page by its uri, or have an agent read it with handbook_ask.',
    input: Type.Object({
      query: Type.String({ pattern: '\\S', description: 'Words to look for; case doesn\'t matter.' }),
      limit: Type.Integer({ minimum: 1, maximum: 50, default: 10 })
    }, { additionalProperties: false }),
    output: Type.Object({
      total: Type.Integer(),
      matches: Type.Array(Type.Object({ page: Type.String(), title: Type.String(), uri: Type.String(), excerpt: Type.String() }))
    }),
    annotations: { readOnlyHint: true, openWorldHint: false }
  }, ({ query, limit }) => {
    const words = query.toLowerCase().match(/\S+/g) ?? []
    const found = [...pages.values()].filter(({ name, text }) => words.every((word) => `${name}\n${text}`.toLowerCase().includes(word)))
    searches.inc({ outcome: found.length > 0 ? 'found' : 'nothing' })
    return {
      structured: {
        total: found.length,
        matches: found.slice(0, limit).map(({ name, title, text }) => ({ page: name, title, uri: uriOf(name), excerpt: excerptOf(text, words) }))
      }
    }
  })

  mcp.addTool({
    name: 'handbook_ask',
    title: 'Ask an agent about a page',
    description: 'Hands a page of the company handbook to a Dust agent together with a question, and returns its answer. The page leaves this server for Dust.',
    input: Type.Object({
      page: Type.String({ description: 'As handbook_search returns it.' }),
      question: Type.String({ pattern: '\\S' }),
      agent: Type.Optional(Type.String({ description: 'Id or name of the agent. Without it, the person is asked who shall read the page.' }))
    }, { additionalProperties: false }),
    annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: true },
    longRunning: true
  }, async ({ page: name, question, agent }, operation) => {
    const page = pages.get(name)
    if (page === undefined) throw new ToolError(`There is no page ${name} in the handbook. Find one with handbook_search.`)
    const reader = agent ?? await chooseReader(page, operation)
    if (reader === null) return { text: 'The person chose no agent, so nothing was sent.' }
    await operation.progress(`${reader} gets the page "${page.title}"`)
    const message = `${question}\n\nAnswer from this page of our handbook, "${page.title}":\n\n${page.text}`
    // The server's own tool: it limits, measures and cancels runs, and reports their progress.
    const { result } = await operation.once('asked', () => mcp.inject('tools/call', { name: 'dust_ask_agent', arguments: { agent: reader, message } }, {
      caller: operation.caller,
      credential: operation.credential,
      signal: operation.signal,
      onProgress: (progress) => { operation.progress(progress).catch((error: unknown) => { log.debug({ err: error }, 'progress could not be sent') }) }
    }))
    return { content: result.content, structured: result.structuredContent ?? {}, isError: result.isError === true }
  })

  mcp.addPrompt({
    name: 'handbook_question',
    title: 'Ask about a page of the handbook',
    description: 'Puts a page of the handbook into the conversation, with a question.',
    input: Type.Object({ page: Type.String({ description: 'Which page.' }), question: Type.String({ description: 'What to find out.' }) }),
    complete: { page: suggest }
  }, ({ page, question }) => {
    const content = read(page)
    if (content === null) throw new ToolError(`There is no page ${page} in the handbook.`)
    return {
      messages: [
        { role: 'user', content: { type: 'resource', resource: { uri: uriOf(page), ...content } } },
        { role: 'user', content: { type: 'text', text: `${question}\n\nUse the page above. If it doesn't say, ask an agent with handbook_ask.` } }
      ]
    }
  })

  health.addCheck('handbook', async () => {
    await readdir(folder)
    if (pages.size === 0) throw new Error(`There is no .md file in ${folder}`)
  })

  await reload()
  let timer: NodeJS.Timeout | undefined
  let reloading = Promise.resolve()
  const watcher = watch(folder, { recursive: true }, () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      reloading = reloading.then(reload).catch((error: unknown) => { log.warn({ err: error }, 'the handbook could not be read again') })
    }, SETTLE_MS)
  })
  watcher.on('error', (error) => { log.warn({ err: error }, 'changes of the handbook may not be seen any more') })
  fastify.addHook('onClose', async () => {
    watcher.close()
    clearTimeout(timer)
    await reloading
  })

  /** Reads the folder anew and tells clients what has become different. */
  async function reload (): Promise<void> {
    const before = pages
    pages = await readPages(folder)
    pageCount.set(pages.size)
    for (const { name, title } of before.values()) {
      if (pages.get(name)?.title !== title) mcp.removeResource(uriOf(name))
    }
    for (const { name, title, text } of pages.values()) {
      const known = before.get(name)
      if (known?.title !== title) mcp.addResource({ uri: uriOf(name), name, title, mimeType: MIME_TYPE }, () => read(name))
      if (known !== undefined && known.text !== text) mcp.resourceUpdated(uriOf(name))
    }
  }

  /** A client without sessions calls again with the answer: until here, nothing has happened that must not happen twice. */
  async function chooseReader ({ title }: Page, operation: Operation): Promise<string | null> {
    const agents = (await dust.for(operation).listAgents({ signal: operation.signal })).map(({ name }) => name)
    const { action, content } = await operation.ask('agent', {
      method: 'elicitation/create',
      params: {
        mode: 'form',
        message: `Which Dust agent shall read "${title}"?`,
        requestedSchema: { type: 'object', properties: { agent: { type: 'string', title: 'Agent', enum: agents } }, required: ['agent'] }
      }
    })
    return action === 'accept' ? String(content?.['agent']) : null
  }

  /** From memory, so that no name leads out of the folder. */
  function read (name: string) {
    const page = pages.get(name)
    return page === undefined ? null : { text: page.text, mimeType: MIME_TYPE }
  }

  function suggest (typed: string): string[] {
    return [...pages.keys()].filter((name) => name.toLowerCase().includes(typed.toLowerCase()))
  }
}, { name: 'handbook', dependencies: ['metrics', 'dust', 'health', 'mcp'] })

async function readPages (folder: string): Promise<Map<string, Page>> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.md')).sort()
  const pages = await Promise.all(files.map(async (file): Promise<[string, Page]> => {
    const text = await readFile(path.join(folder, file), 'utf8')
    const name = file.slice(0, -'.md'.length).replaceAll(path.sep, '/')
    return [name, { name, title: /^# +(.+)$/m.exec(text)?.[1] ?? name, text }]
  }))
  return new Map(pages)
}

function uriOf (name: string): string {
  return `handbook://pages/${name.split('/').map(encodeURIComponent).join('/')}`
}

function excerptOf (text: string, words: readonly string[]): string {
  const line = text.split('\n').find((line) => words.some((word) => line.toLowerCase().includes(word))) ?? ''
  return line.trim().slice(0, 200)
}
