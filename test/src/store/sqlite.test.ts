import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { openStore } from '../../../src/store/open.ts'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import { sessionRecord, testSessionStore } from './session-store-contract.ts'

t.test('in memory', async (t) => {
  testSessionStore(t, async (t) => {
    const store = openStore('sqlite::memory:')
    t.teardown(() => store.close())
    return store
  })
})

t.test('in a file', async (t) => {
  testSessionStore(t, async (t) => {
    const store = openStore(`sqlite:${path.join(t.testdir(), 'new', 'folder', 'sessions.db')}`)
    t.teardown(() => store.close())
    return store
  })
})

t.test('keeps sessions when the file is closed and opened again', async (t) => {
  const file = path.join(t.testdir(), 'sessions.db')
  const record = sessionRecord()
  const first = openSqliteStore(file)
  await first.create(record, 10)
  await first.close()
  const second = openSqliteStore(file)
  t.teardown(() => second.close())
  t.same(await second.get(record.id), record)
})

t.test('two processes can share the file', async (t) => {
  const file = path.join(t.testdir(), 'sessions.db')
  const [one, other] = [openSqliteStore(file), openSqliteStore(file)]
  t.teardown(() => Promise.all([one.close(), other.close()]))
  const record = sessionRecord()
  await one.create(record, 10)
  t.same(await other.get(record.id), record)
})

t.test('says so when another process holds the file', async (t) => {
  const file = path.join(t.testdir(), 'sessions.db')
  const store = openSqliteStore(file)
  const other = new DatabaseSync(file)
  t.teardown(() => { other.close(); return store.close() })
  other.exec('BEGIN IMMEDIATE')
  await t.rejects(store.check(), { code: 'STORE_UNAVAILABLE', message: /locked/ })
  other.exec('ROLLBACK')
  await store.check()
})

t.test('refuses what it can not open, with the reason', async (t) => {
  const folder = t.testdir()
  t.throws(() => openSqliteStore(folder), { code: 'STORE_UNAVAILABLE' })
  const noDatabase = path.join(folder, 'text.db')
  writeFileSync(noDatabase, 'this is not a database, but a text that is long enough to be read as one'.repeat(20))
  t.throws(() => openSqliteStore(noDatabase), { code: 'STORE_UNAVAILABLE', message: /not a database/ })
  mkdirSync(path.join(folder, 'newer'))
  const newer = path.join(folder, 'newer', 'sessions.db')
  const db = new DatabaseSync(newer)
  db.exec('PRAGMA user_version = 99')
  db.close()
  t.throws(() => openSqliteStore(newer), { code: 'STORE_UNAVAILABLE', message: /newer version/ })
})
