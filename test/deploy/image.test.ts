import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { Buildah } from '../fixtures/buildah.ts'
import { freePort } from '../fixtures/free-port.ts'
import { writeNodeBaseImage } from '../fixtures/node-base-image.ts'
import { requireProgram, requireRoot } from '../fixtures/programs.ts'
import { startInContainer, type Container } from '../fixtures/read-only-container.ts'
import { startEmulator, until } from '../helper.ts'
import { podOf, renderAll } from './kustomize.ts'

const ROOT = path.join(import.meta.dirname, '..', '..')
const TAG = 'mcp-dust-server:test'
const MEBIBYTE = 1024 * 1024

/** Tries to write into each folder, and says what came of it. */
const WRITE_ANYWHERE = `
  const outcomes = process.argv.slice(1).map((folder) => {
    try {
      require('node:fs').writeFileSync(folder + '/written', '')
      return [folder, 'written']
    } catch (error) {
      return [folder, error.code]
    }
  })
  console.log(JSON.stringify(Object.fromEntries(outcomes)))`

t.setTimeout(600_000)

t.test('the Dockerfile makes an image whose server runs with next to no rights', { timeout: 600_000 }, async (t) => {
  const program = await requireProgram(t, 'buildah')
  if (program === null || !requireRoot(t)) return
  const buildah = new Buildah(t, program)
  await buildBaseImage(t, buildah)
  const cache = path.join(homedir(), '.npm')
  await buildah.build(ROOT, TAG, ...(existsSync(cache) ? [`--volume=${cache}:/root/.npm`] : []))
  const config = await buildah.configOf(TAG)
  const root = await buildah.open(TAG)
  const { environment } = await startEmulator(t)

  /** The image's command with a port of its own, and with a volume or nowhere to write at all. */
  async function containerOf (t: Test, settings: Record<string, string>, hasVolume: boolean): Promise<Container & { address: string }> {
    const [user = 0, group = 0] = config.User.split(':').map(Number)
    const port = await freePort()
    const container = {
      root,
      workingDir: config.WorkingDir,
      user,
      group,
      environment: { ...Object.fromEntries(config.Env.map((pair) => pair.split(/=(.*)/s))), ...environment, ALLOW_UNAUTHENTICATED: 'true', ...settings, PORT: String(port) }
    }
    const address = `http://127.0.0.1:${port}`
    if (!hasVolume) return { ...container, address }
    const source = mkdtempSync(path.join(tmpdir(), 'volume-'))
    t.teardown(() => { rmSync(source, { recursive: true }) })
    chownSync(source, user, group)
    return { ...container, address, volume: { source, target: Object.keys(config.Volumes)[0] ?? '' } }
  }

  await t.test('it starts, is ready and healthy, and stops in order', async (t) => {
    const container = await containerOf(t, {}, true)
    const isHealthy = async () => (await finished(startInContainer(container, config.Healthcheck.Test.slice(1)))).code === 0
    t.equal(config.Healthcheck.Test[0], 'CMD')
    t.notOk(await isHealthy(), 'before it runs it is not healthy')

    const server = await startServer(t, container, config.Cmd)
    t.equal((await fetch(`${container.address}/ready`)).status, 200)
    await until(async () => Object(await (await fetch(`${container.address}/health`)).json()).status === 'ok')
    t.ok(await isHealthy())
    t.ok(existsSync(path.join(container.volume?.source ?? '', 'mcp-dust-server.db')), 'the sessions are on the volume')

    server.kill('SIGTERM')
    t.match(await once(server, 'exit'), [0, null])
    t.notOk(await isHealthy())
  })

  await t.test('it has neither the rights of root nor a place to write but the volume', async (t) => {
    const container = await containerOf(t, {}, true)
    const { pid } = await startServer(t, container, config.Cmd)
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    t.match(status, /^Uid:\t1000\t1000\t1000\t1000$/m)
    t.match(status, /^Gid:\t1000\t1000\t1000\t1000$/m)
    t.match(status, /^Groups:\t *$/m)
    t.match(status, /^CapEff:\t0000000000000000$/m)

    const folders = ['', '/tmp', '/home/node', '/app', '/app/dist', '/app/node_modules', '/usr/local/bin']
    const { output } = await finished(startInContainer(container, ['node', '-e', WRITE_ANYWHERE, ...folders, '/app/data']))
    t.same(JSON.parse(output), { ...Object.fromEntries(folders.map((folder) => [folder, 'EROFS'])), '/app/data': 'written' })
  })

  await t.test('with its sessions elsewhere it needs no place to write at all', async (t) => {
    const container = await containerOf(t, { STORE_URL: 'sqlite::memory:' }, false)
    await startServer(t, container, config.Cmd)
    t.equal((await fetch(`${container.address}/ready`)).status, 200)
  })

  await t.test('it is what the manifests take it for', async (t) => {
    const kubectl = await requireProgram(t, 'kubectl')
    if (kubectl === null) return
    for (const manifests of Object.values(renderAll(kubectl, t.testdir()))) {
      const { spec, container } = podOf(manifests)
      t.equal(`${spec.securityContext?.runAsUser}:${spec.securityContext?.runAsGroup}`, config.User)
      for (const { mountPath } of container.volumeMounts ?? []) t.ok(mountPath in config.Volumes, mountPath)
    }
  })

  await t.test('it has what the server needs, and nothing of what its making did', async (t) => {
    const app = path.join(root, config.WorkingDir)
    t.same(readdirSync(app).sort(), ['LICENSE', 'data', 'dist', 'node_modules', 'package.json'])
    const { packages } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, { dev?: true, optional?: true }> }
    const names = Object.keys(packages).filter((name) => name !== '')
    const needed = names.filter((name) => packages[name]?.dev !== true && packages[name]?.optional !== true)
    t.ok(needed.length > 50)
    t.same(names.filter((name) => existsSync(path.join(app, name))), needed)

    const [all = 0, modules = 0] = [app, path.join(app, 'node_modules')].map((folder) => sizeOf(folder) / MEBIBYTE)
    t.comment(`Without its base the image has ${all.toFixed(1)} MiB, ${modules.toFixed(1)} of them packages`)
    t.ok(all < 72)
  })
})

/** Under the name of the image that the Dockerfile begins with. */
async function buildBaseImage (t: Test, buildah: Buildah): Promise<void> {
  const [, name = ''] = /^ARG NODE_IMAGE=(\S+)/m.exec(readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8')) ?? []
  const folder = mkdtempSync(path.join(tmpdir(), 'node-base-image-'))
  t.teardown(() => { rmSync(folder, { recursive: true }) })
  writeNodeBaseImage(folder)
  await buildah.build(folder, `docker.io/library/${name}`)
}

/** Starts the server in a container and waits until it is ready. It ends with the test. */
async function startServer (t: Test, container: Container & { address: string }, command: string[]): Promise<ChildProcess> {
  const server = startInContainer(container, command)
  const end = finished(server)
  t.teardown(async () => {
    server.kill('SIGKILL')
    await end
  })
  await until(async () => server.exitCode !== null || (await fetch(`${container.address}/ready`).catch(() => null))?.status === 200)
  if (server.exitCode !== null) throw new Error(`The server ended with ${server.exitCode}: ${(await end).output}`)
  return server
}

async function finished (child: ChildProcess): Promise<{ code: unknown, output: string }> {
  const [[code], ...outputs] = await Promise.all([once(child, 'exit'), ...[child.stdout, child.stderr].map((stream) => stream === null ? '' : text(stream))])
  return { code, output: outputs.join('') }
}

function sizeOf (folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce((sum, file) => sum + lstatSync(path.join(folder, file)).size, 0)
}
