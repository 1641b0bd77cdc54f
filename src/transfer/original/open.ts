import { openPostgresOriginal } from './postgres-source'
import { checkColumns, type Original } from './source'
import { openSqliteOriginal } from './sqlite-source'

/**
 * Opens a database of the earlier server for reading. @throws OperatorError if it is a different one, naming what is
 * missing
 */
export async function openOriginal(
  from:
    | { readonly kind: 'sqlite'; readonly path: string }
    | { readonly kind: 'postgres'; readonly url: string },
): Promise<Original> {
  await using undo = new AsyncDisposableStack()
  const source = undo.use(
    from.kind === 'sqlite' ? openSqliteOriginal(from.path) : await openPostgresOriginal(from.url),
  )
  await checkColumns(source)
  undo.move()
  return source
}
