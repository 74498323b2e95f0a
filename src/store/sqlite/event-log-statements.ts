import type { DatabaseSync } from 'node:sqlite'

const SIZE = 'characters + coalesce(octet_length(call), 0)'

/** What of all streams is too much: from the first that may go and doesn't fit, after those that are rather kept. */
const TOO_MUCH = `
  SELECT id FROM (
    SELECT id, size, is_ended, may_go, sum(size) OVER (ORDER BY may_go, is_ended, last_at DESC, id DESC) AS total
    FROM (SELECT id, is_ended, last_at, is_ended OR call IS NULL AS may_go, ${SIZE} AS size FROM streams)
  ) WHERE may_go AND (is_ended OR size > 0) AND total > ?`

export function prepareEventLogStatements (db: DatabaseSync) {
  return {
    open: db.prepare(`
      INSERT INTO streams (session, stream, writer, created_at, last_at, last_seq, call) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (session, stream) DO UPDATE SET writer = excluded.writer, last_at = excluded.last_at RETURNING *`),
    state: db.prepare('SELECT id, writer, last_seq, event_count, characters, is_ended FROM streams WHERE session = ? AND stream = ?'),
    insertEvent: db.prepare('INSERT INTO events (stream_id, seq, data) VALUES (?, ?, ?) RETURNING octet_length(data) AS length'),
    removeEvent: db.prepare('DELETE FROM events WHERE stream_id = ? AND seq = ? RETURNING octet_length(data) AS length'),
    removeEvents: db.prepare('DELETE FROM events WHERE stream_id = ?'),
    appended: db.prepare('UPDATE streams SET last_seq = ?, event_count = ?, characters = ?, is_ended = ?, last_at = ? WHERE id = ?'),
    end: db.prepare('UPDATE streams SET is_ended = 1, last_at = ? WHERE session = ? AND stream = ? AND writer = ? AND is_ended = 0'),
    read: db.prepare(`
      SELECT last_seq, is_ended, seq, data FROM streams LEFT JOIN events ON stream_id = id AND seq > ?
      WHERE session = ? AND stream = ? ORDER BY seq`),
    newest: db.prepare(`
      SELECT seq, data FROM events WHERE stream_id = (SELECT id FROM streams WHERE session = ? AND stream = ?)
      ORDER BY seq DESC LIMIT ?`),
    record: db.prepare('SELECT * FROM streams WHERE session = ? AND stream = ?'),
    note: db.prepare(`
      UPDATE streams SET notes = json_patch(notes, json_object(?1, ?2))
      WHERE session = ?3 AND stream = ?4 AND is_ended = 0 AND (?5 IS NULL OR writer = ?5)`),
    calls: db.prepare('SELECT * FROM streams WHERE session = ? AND is_ended = 0 AND call IS NOT NULL ORDER BY id'),
    orphans: db.prepare(`
      SELECT session, stream, writer FROM streams
      WHERE is_ended = 0 AND call IS NOT NULL AND (writer IS NULL OR writer NOT IN (SELECT value FROM json_each(?)))
      ORDER BY last_at LIMIT ?`),
    hand: db.prepare('UPDATE streams SET writer = ?1, last_at = ?2 WHERE session = ?3 AND stream = ?4 AND is_ended = 0 AND (writer IS ?5 OR writer IS ?1)'),
    keep: db.prepare('UPDATE streams SET last_at = ? WHERE writer = ? AND is_ended = 0'),
    forget: db.prepare('DELETE FROM streams WHERE session = ?'),
    size: db.prepare(`SELECT sum(${SIZE}) AS size FROM streams`),
    forgetOld: db.prepare('DELETE FROM streams WHERE last_at < ?'),
    forgetTooMuch: db.prepare(`DELETE FROM streams WHERE id IN (${TOO_MUCH})`)
  }
}
