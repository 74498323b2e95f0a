import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { openStore } from '../../../src/store/open.ts'
import { openSqliteStore } from '../../../src/store/sqlite/store.ts'
import { conversationRecord } from './conversation-store-contract.ts'
import { sessionRecord } from './session-store-contract.ts'
import { testStore } from './store-contract.ts'

/** Two stores on one file, as of two processes. */
function openTwice (t: Test) {
  const file = path.join(t.testdir(), 'store.db')
  const [one, other] = [openSqliteStore(file), openSqliteStore(file)]
  t.teardown(() => Promise.all([one.close(), other.close()]))
  return { one, other }
}

t.test('in memory', async (t) => {
  testStore(t, async (t, limits = {}) => {
    const store = await openStore('sqlite::memory:', { limits })
    t.teardown(() => store.close())
    return store
  })
})

t.test('in a file', async (t) => {
  testStore(t, async (t, limits = {}) => {
    const store = await openStore(`sqlite:${path.join(t.testdir(), 'new', 'folder', 'store.db')}`, { limits })
    t.teardown(() => store.close())
    return store
  })
})

t.test('keeps everything when the file is closed and opened again', async (t) => {
  const file = path.join(t.testdir(), 'store.db')
  const record = sessionRecord()
  const conversation = conversationRecord()
  const key = { session: record.id, stream: 'one' }
  const first = openSqliteStore(file)
  await first.sessions.create(record, 10)
  await first.events.open(key, 'a', 'call')
  await first.events.append(key, 'a', { seq: 1, data: 'x' }, false)
  await first.events.note(key, 'name', 'value')
  await first.conversations.add(conversation)
  await first.close()
  const second = openSqliteStore(file)
  t.teardown(() => second.close())
  t.same(await second.sessions.get(record.id), record)
  t.same(await second.conversations.list(conversation.caller, 10), [conversation])
  t.match(await second.events.calls(record.id), [{ ...key, writer: 'a', lastSeq: 1, notes: { name: 'value' } }])
  t.same(await second.events.read(key, 0), { events: [{ seq: 1, data: 'x' }], isEnded: false })
})

t.test('two processes can share the file', async (t) => {
  const { one, other } = openTwice(t)
  const record = sessionRecord()
  const key = { session: record.id, stream: 'one' }
  await one.sessions.create(record, 10)
  t.same(await other.sessions.get(record.id), record)
  await one.replicas.beat('a', 60_000)
  t.same(await other.replicas.alive(), ['a'])
  await one.events.open(key, 'a', 'call')
  t.equal(await other.events.append(key, 'b', { seq: 1, data: 'x' }, false), false)
  t.equal(await other.events.hand(key, 'a', 'b'), true)
  t.equal(await one.events.append(key, 'a', { seq: 1, data: 'x' }, false), false)
  t.equal(await other.events.append(key, 'b', { seq: 1, data: 'y' }, false), true)
  t.same((await one.events.read(key, 0))?.events, [{ seq: 1, data: 'y' }])
})

t.test('brings a file of an older version up to date and keeps what is in it', async (t) => {
  const file = path.join(t.testdir(), 'store.db')
  const db = new DatabaseSync(file)
  db.exec(`
    CREATE TABLE sessions (
      id TEXT PRIMARY KEY, caller TEXT NOT NULL, initialize TEXT NOT NULL, protocol_version TEXT NOT NULL, log_level TEXT,
      created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_expires_at ON sessions (expires_at);
    CREATE TABLE health (id INTEGER PRIMARY KEY CHECK (id = 1), checked_at INTEGER NOT NULL) STRICT;
    INSERT INTO sessions VALUES ('old', 'ada', '{}', '2025-06-18', NULL, 1, ${Date.now() + 60_000});
    PRAGMA user_version = 1`)
  db.close()
  const store = openSqliteStore(file)
  t.teardown(() => store.close())
  t.match(await store.sessions.get('old'), { caller: 'ada', subscriptions: [] })
  t.match(await store.events.open({ session: 'old', stream: 'one' }, 'a', null), { lastSeq: 0 })
})

t.test('says so when another process holds the file', async (t) => {
  const file = path.join(t.testdir(), 'store.db')
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
  const newer = path.join(folder, 'newer', 'store.db')
  const db = new DatabaseSync(newer)
  db.exec('PRAGMA user_version = 99')
  db.close()
  t.throws(() => openSqliteStore(newer), { code: 'STORE_UNAVAILABLE', message: /newer version/ })
})
