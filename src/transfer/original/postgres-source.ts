import { OperatorError } from '../../core/kernel/operator-error'
import { explain } from '../../store/postgres/explain'
import { connectPostgres } from '../postgres-adapter'
import { type Original, type OriginalTable, PAGE, type Raw, selectionOf } from './source'

/** Opens a Postgres database of the earlier server for reading. @throws OperatorError */
export async function openPostgresOriginal(url: string): Promise<Original> {
  const sql = await connected(url)
  try {
    // The driver reserves open connections only. Without one it waits for ever.
    await sql`SELECT 1`
    const session = await sql.reserve()
    // One snapshot, in case the database is still written to.
    await session`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`
    const rowsOf = async (query: string, values: string[] = []): Promise<Raw[]> => [
      ...(await session.unsafe<Record<string, string | null>[]>(query, values)),
    ]
    const found = new Map<string, Set<string>>()
    for (const { table_name: table, column_name: column } of await rowsOf(
      'SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ANY (current_schemas(false))',
    ))
      found.set(table ?? '', (found.get(table ?? '') ?? new Set()).add(column ?? ''))
    // Qualified, because ORDER BY prefers an output name, here the text, over the column of the same name.
    const select = (table: OriginalTable) => selectionOf(table, found, (column) => `${table}.${column}::text`)
    let cursors = 0
    return {
      engine: 'postgres',
      columns: async () => found,
      async *rows(table, order) {
        const name = `rows_${++cursors}`
        // Sorted by bytes, as the earlier server compared ids.
        await rowsOf(`DECLARE ${name} NO SCROLL CURSOR FOR ${select(table)} ORDER BY ${order}`)
        for (;;) {
          const page = await rowsOf(`FETCH ${PAGE} FROM ${name}`)
          if (page.length === 0) break
          yield page
        }
        await rowsOf(`CLOSE ${name}`)
      },
      async firstMessage() {
        const [raw] = await rowsOf(`${select('messages')} ORDER BY messages.created_at LIMIT 1`)
        return raw
      },
      async ofMessages(table, messages) {
        return await rowsOf(
          `${select(table)} WHERE message_id IN (SELECT value::uuid FROM json_array_elements_text($1::text::json))`,
          [JSON.stringify(messages)],
        )
      },
      async count(table) {
        return Number((await rowsOf(`SELECT count(*)::text AS count FROM ${table}`))[0]?.count)
      },
      [Symbol.asyncDispose]: async () => {
        session.release()
        await sql.end({ timeout: 1 })
      },
    }
  } catch (error) {
    await sql.end({ timeout: 1 })
    throw inWords(error, url)
  }
}

async function connected(url: string): ReturnType<typeof connectPostgres> {
  try {
    // The database is only read and no longer written, so a standby is sufficient.
    return await connectPostgres(url, { standby: true })
  } catch (error) {
    throw inWords(error, url)
  }
}

function inWords(error: unknown, url: string): unknown {
  const explained = explain(error, url)
  return explained instanceof OperatorError
    ? new OperatorError('unreachable', explained.problem, explained.remedy)
    : explained
}
