import type { DatabaseSync } from 'node:sqlite'

/** What each version of the file's schema added, the first one first. */
const MIGRATIONS = [`
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    caller TEXT NOT NULL,
    initialize TEXT NOT NULL,
    protocol_version TEXT NOT NULL,
    log_level TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_expires_at ON sessions (expires_at);
  CREATE TABLE health (id INTEGER PRIMARY KEY CHECK (id = 1), checked_at INTEGER NOT NULL) STRICT;`,
`
  ALTER TABLE sessions ADD COLUMN subscriptions TEXT NOT NULL DEFAULT '[]';`,
// The long texts come last, so that the other columns are read without them.
`
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    session TEXT NOT NULL,
    stream TEXT NOT NULL,
    writer TEXT,
    created_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    event_count INTEGER NOT NULL DEFAULT 0,
    characters INTEGER NOT NULL DEFAULT 0,
    is_ended INTEGER NOT NULL DEFAULT 0,
    notes TEXT NOT NULL DEFAULT '{}',
    call TEXT,
    UNIQUE (session, stream)
  ) STRICT;
  CREATE INDEX streams_open ON streams (writer) WHERE is_ended = 0;
  CREATE TABLE events (
    stream_id INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (stream_id, seq)
  ) STRICT;
  CREATE TABLE replicas (name TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
`
  CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    caller TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    agent_name TEXT NOT NULL,
    title TEXT,
    url TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX conversations_used ON conversations (caller, used_at, id);
  CREATE INDEX conversations_used_at ON conversations (used_at);`,
// To count them for each that is opened would take longer the more there are.
`
  CREATE TABLE session_total (id INTEGER PRIMARY KEY CHECK (id = 1), total INTEGER NOT NULL) STRICT;
  INSERT INTO session_total (id, total) SELECT 1, count(*) FROM sessions;
  CREATE TRIGGER session_added AFTER INSERT ON sessions BEGIN UPDATE session_total SET total = total + 1; END;
  CREATE TRIGGER session_removed AFTER DELETE ON sessions BEGIN UPDATE session_total SET total = total - 1; END;`
]

/** Brings a file to the newest schema. */
export function migrate (db: DatabaseSync, location: string): void {
  if (versionOf(db) === MIGRATIONS.length) return
  db.exec('BEGIN IMMEDIATE')
  // Again, since another process may have been quicker.
  const version = versionOf(db)
  if (version > MIGRATIONS.length) throw new Error(`${location} was written by a newer version of the server`)
  db.exec(`${MIGRATIONS.slice(version).join('')} PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`)
}

function versionOf (db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
}
