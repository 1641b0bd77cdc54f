import { customType as pgCustomType } from 'drizzle-orm/pg-core'
import { customType } from 'drizzle-orm/sqlite-core'
import type { Uuid } from '../../core/kernel/ids'
import { formatInstant, type Micros, parseInstant, toMicros } from '../../core/kernel/time'

/** A UUID: 16 bytes in SQLite, `uuid` in Postgres. */
export const uuidColumn = customType<{ data: Uuid; driverData: Uint8Array }>({
  dataType: () => 'blob',
  toDriver: uuidToBytes,
  fromDriver: uuidFromBytes,
})

/** An instant: integer microseconds in SQLite; `timestamptz(6)` in Postgres, which operators can read in psql. */
export const instantColumn = customType<{ data: Micros; driverData: number }>({
  dataType: () => 'integer',
  toDriver: (at) => at,
  fromDriver: toMicros,
})

export const pgUuidColumn = pgCustomType<{ data: Uuid; driverData: string }>({
  dataType: () => 'uuid',
  toDriver: (uuid) => uuid,
  // Postgres writes uuids as lower-case dashed text, which is our spelling.
  fromDriver: (text) => text as Uuid,
})

export const pgInstantColumn = pgCustomType<{ data: Micros; driverData: string }>({
  dataType: () => 'timestamp(6) with time zone',
  toDriver: formatInstant,
  fromDriver: (text) => {
    // `2026-05-07 15:56:16.123456+00`: the zone of every connection is UTC.
    const at = parseInstant(text.replace(/\+00$/, 'Z'))
    if (at === undefined) throw new Error('Postgres returned a timestamp in an unknown format')
    return at
  },
})

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function uuidToBytes(uuid: Uuid): Uint8Array {
  return Uint8Array.fromHex(uuid.replaceAll('-', ''))
}

export function uuidFromBytes(bytes: Uint8Array): Uuid {
  let text = ''
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-'
    text += hex[bytes[i] ?? 0]
  }
  return text as Uuid
}
