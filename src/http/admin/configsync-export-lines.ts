import type { TObject } from '@sinclair/typebox'
import type { ExportedAccount, ExportedRow } from '../../core/configsync/account-export'
import type { ImportRecord } from '../../core/configsync/account-import'
import { ENTITY_TYPES, VISIBILITIES } from '../../core/configsync/entity-ports'
import { invalid } from '../../core/configsync/imported-rows'
import { TIERS } from '../../core/configsync/machine-ports'
import type { AccountKind, AccountRow } from '../../core/configsync/transfer-ports'
import { formatInstant, type Micros, parseInstant } from '../../core/kernel/time'
import { ValidationError } from '../errors'
import { linesOf, UnreadableLine } from '../ndjson'
import { freeObject, maybe, nullable, oneOf, type Static, Type, text } from '../schema'
import { wholePieces } from '../stored-bytes'
import { validator } from '../validation'

/**
 * The lines of an export of an account (docs/contract/configsync.md#export-and-import). The first names the format, the
 * last is `end`. A row with bytes is followed by lines with its bytes in base64.
 */

const FORMAT = 'synapse-configsync'
const VERSION = 1
/** The longest line: metadata of 1 MiB, whose quotes are escaped. */
const LONGEST_LINE = 8 * 1024 * 1024

const number = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
const name = text({ minLength: 1, maxLength: 1024 })
const note = nullable(text({ maxLength: 8192 }))
const at = text({ maxLength: 40 })
const machineId = text({ pattern: '^[A-Za-z0-9_-]{1,64}$' })
const sha256 = text({ pattern: '^[0-9a-f]{64}$' })
const key = text({ pattern: '^[A-Za-z0-9+/]{1,200}={0,2}$' })
const closed = { additionalProperties: false } as const

/** The fields of each kind of row. A field is named as in core, with an underscore in place of a capital. */
const FIELDS: Readonly<Record<AccountKind, TObject>> = {
  user: Type.Object({
    ...{ id, quota_bytes: nullable(number), max_machines: nullable(number), credential_version: id },
    ...{ created_at: at, disabled_at: nullable(at) },
  }),
  keypair: Type.Object({
    ...{ public_key: key, encrypted_private_key: key, kek_salt: key, kek_iterations: id },
    ...{ key_algorithm: name, kek_algorithm: nullable(name), key_version: id, created_at: at },
  }),
  machine: Type.Object({
    ...{ id, machine_id: machineId, name, platform: note, arch: note, client_version: note },
    ...{ last_seen_at: at, created_at: at, updated_at: at },
  }),
  environment: Type.Object({ name, tier: oneOf(TIERS), color: note, protect: Type.Boolean() }),
  environment_view: Type.Object({ viewer: name, names: Type.Array(name, { maxItems: 1000 }) }),
  action: Type.Object({ machine_id: machineId, action: name, payload: freeObject(''), created_at: at }),
  entity: Type.Object({
    ...{ id, type: oneOf(ENTITY_TYPES), slug: text({ pattern: '^[a-z0-9._-]{1,128}$' }), name },
    ...{ description: note, current_version: number, created_at: at, updated_at: at },
    extra: Type.Object(
      {
        ...{ git_url: maybe(text()), git_branch: maybe(text()), source_hint: maybe(text()) },
        ...{ module_type: maybe(text()), is_default: Type.Optional(Type.Boolean()) },
      },
      closed,
    ),
  }),
  entity_key: Type.Object({ entity_id: id, wrapped_dek: key }),
  link: Type.Object({
    ...{ entity_id: id, machine_id: machineId, local_path: note, last_synced_version: nullable(number) },
    is_active: Type.Boolean(),
  }),
  profile_workspace: Type.Object({ profile_id: id, workspace_id: id }),
  variable: Type.Object({
    ...{ id, project_id: id, name, tier: name, visibility: oneOf(VISIBILITIES), owner_user_id: nullable(id) },
    ...{ description: note, is_required: Type.Boolean(), current_version: id },
    encrypted_value: text({ pattern: '^[A-Za-z0-9+/]{38,}={0,2}$', maxLength: 90_000 }),
  }),
  layer_key: Type.Object({ layer_id: name, project_id: id, wrapped_dek: key }),
  audit: Type.Object({
    ...{ token_uuid: nullable(text({ pattern: '^[0-9a-f-]{36}$' })), ip: note, event: name, ref: note },
    ...{ bytes: nullable(number), at },
  }),
  version: Type.Object({
    ...{ id, entity_id: id, version: id, size: id, sha256, content_hash: sha256 },
    ...{ pushed_from_machine_id: nullable(machineId), created_at: at },
  }),
  snapshot: Type.Object({
    ...{ id, machine_id: machineId, size: id, sha256, client_timestamp: text(), format_version: text() },
    ...{ metadata: nullable(text()), created_at: at },
  }),
}

/** What is before and behind the base64 of a line of bytes. */
const BYTES = '{"type":"bytes","data":"'
const BYTES_END = '"}'

const KINDS = Object.keys(FIELDS)

/** A line, without what depends on its type. */
const line = Type.Object({
  type: oneOf([FORMAT, ...KINDS, 'bytes', 'end']),
  format: Type.Optional(id),
  row: Type.Optional(freeObject('')),
  data: Type.Optional(text()),
})
const checkLine = validator(line, 'body')
const checks = Object.fromEntries(KINDS.map((of) => [of, validator(FIELDS[of as AccountKind], 'body')]))

/** Returns the lines of an account. */
export async function* exportLines({ handle, rows }: ExportedAccount): AsyncGenerator<string, void> {
  yield JSON.stringify({ type: FORMAT, format: VERSION, handle })
  for await (const exported of rows) {
    yield JSON.stringify({ type: exported.of, row: toWire(FIELDS[exported.of], exported.row) })
    yield* byteLines(exported)
  }
  yield JSON.stringify({ type: 'end' })
}

async function* byteLines(exported: ExportedRow): AsyncGenerator<string, void> {
  if (exported.of !== 'version' && exported.of !== 'snapshot') return
  for await (const piece of wholePieces(exported.bytes, exported.row.size))
    yield `${BYTES}${piece.toBase64()}${BYTES_END}`
}

/** Reads the lines of an export. @throws invalid_export, and what `chunks` throws */
export async function* importRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ImportRecord, void> {
  let number = 0
  let isEnded = false
  try {
    for await (const text of linesOf(chunks, LONGEST_LINE)) {
      number++
      // Some editors add an empty line.
      if (isEnded && text.trim() === '') continue
      if (isEnded) throw invalid(`line ${number} follows its end`)
      const record = bytesIn(text) ?? recordOf(JSON.parse(text))
      if ((number === 1) !== (record === undefined)) throw new SyntaxError('the first line is another one')
      isEnded = record?.of === 'end'
      if (record) yield record
    }
  } catch (error) {
    if (error instanceof ValidationError) throw invalid(`line ${number}: ${problemIn(error)}`)
    if (error instanceof SyntaxError) throw invalid(`line ${number} cannot be read`)
    if (error instanceof UnreadableLine) throw invalid(`line ${number + 1} cannot be read`)
    throw error
  }
}

/** Returns the bytes of a line as `byteLines` writes it: most lines, of which JSON would make another copy. */
function bytesIn(text: string): ImportRecord | undefined {
  if (!text.startsWith(BYTES) || !text.endsWith(BYTES_END)) return undefined
  return bytesRecord(text.slice(BYTES.length, -BYTES_END.length))
}

/** @throws SyntaxError */
function bytesRecord(data: string): ImportRecord {
  return { of: 'bytes', bytes: Uint8Array.fromBase64(data, { lastChunkHandling: 'strict' }) }
}

/** Returns the record of a line; undefined for the first line. @throws ValidationError, SyntaxError */
function recordOf(value: unknown): ImportRecord | undefined {
  const { type, format, row, data } = checkLine(value) as Static<typeof line>
  if (type === 'end') return { of: 'end' }
  if (type === 'bytes') return bytesRecord(data ?? '')
  if (type === FORMAT) {
    if (format !== VERSION) throw invalid(`this program reads the format ${VERSION}`)
    return undefined
  }
  // The type is one of the kinds, and the fields are checked by its schema.
  const of = type as AccountKind
  const fields = checks[of]?.(row) as Fields
  return { of, row: fromWire(FIELDS[of], fields) } as AccountRow
}

/** The first issue in one line: the field and what it should be. */
function problemIn({ issues: [issue] }: ValidationError): string {
  return issue ? `${issue.loc.slice(1).join('.')}: ${issue.msg}` : 'has the wrong shape'
}

type Fields = Readonly<Record<string, unknown>>

function toWire(schema: TObject, row: object): Fields {
  return mapped(
    schema,
    (name) => [camelCased(name), name],
    row as Fields,
    (value) => formatInstant(value as Micros),
  )
}

/** @throws SyntaxError for a text that is no instant */
function fromWire(schema: TObject, row: Fields): Fields {
  return mapped(
    schema,
    (name) => [name, camelCased(name)],
    row,
    (value) => {
      const at = parseInstant(String(value))
      if (at === undefined) throw new SyntaxError('an instant cannot be read')
      return at
    },
  )
}

/** Renames the fields of a schema, and changes its instants. Other fields are left out. */
function mapped(
  { properties }: TObject,
  names: (name: string) => readonly [from: string, to: string],
  row: Fields,
  instant: (value: unknown) => unknown,
): Fields {
  const entries = Object.entries(properties).flatMap(([name, property]): [string, unknown][] => {
    const [from, to] = names(name)
    const value = row[from]
    if (value === undefined) return []
    if (value !== null && /^(?:at|.*_at)$/.test(name)) return [[to, instant(value)]]
    // The only fields with fields of their own are those of `extra`.
    const isNested = property.type === 'object' && property.properties !== undefined
    return [[to, isNested ? mapped(property as TObject, names, value as Fields, instant) : value]]
  })
  return Object.fromEntries(entries)
}

function camelCased(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
