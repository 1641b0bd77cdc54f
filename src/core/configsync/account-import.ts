import type { Administration } from '../governance/administration'
import { normalName } from '../identity/accounts'
import type { Actor } from '../identity/actor'
import type { BlobKey, Blobs } from '../kernel/blobs'
import type { Account } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Reads, Store } from '../kernel/ports'
import type { Clock } from '../kernel/time'
import type { Transactions } from '../kernel/transactions'
import { ORPHAN_MILLISECONDS } from '../kernel/unused-blobs'
import { ImportedRows, idsOf, invalid } from './imported-rows'
import { type AccountIds, type AccountRow, type AccountRows, ID_KINDS } from './transfer-ports'
import { noteAdmin, type UserOfAccount } from './users'

/** Bytes without a row are removed after an hour, so an import must be done before. */
const LONGEST_MILLISECONDS = ORPHAN_MILLISECONDS - 10 * 60_000
/** How many taken ids an error names. */
const NAMED = 10

/** A record of an export: a row, a part of the bytes of the row before it, or the end. */
export type ImportRecord =
  | AccountRow
  | { readonly of: 'bytes'; readonly bytes: Uint8Array }
  | { readonly of: 'end' }

/** An account whose bytes are stored and whose rows are not. Disposing of it removes the bytes, unless it is stored. */
export interface ReceivedAccount extends AsyncDisposable {
  readonly handle: string
  readonly rows: AccountRows
  /** When its first bytes were stored, in milliseconds of the steady clock. */
  readonly begunAt: number
  /** Call it when rows may refer to the bytes. */
  keep(): void
}

export interface ImportedAccount {
  readonly handle: string
  readonly rows: AccountRows
}

export interface AccountImportDeps {
  readonly store: Store
  readonly blobs: Blobs
  readonly administration: Administration
  readonly transactions: Transactions
  readonly clock: Clock
  readonly report: (fault: unknown) => void
}

/**
 * Imports what `AccountExports` has written, for an account that has nothing here. First all bytes are stored, then all
 * rows in one transaction: what is interrupted leaves bytes without rows, which are removed later.
 */
export class AccountImports {
  constructor(private readonly deps: AccountImportDeps) {}

  /**
   * Receives an account. `mayRefuseEarly`: refuses what `store` would refuse before the bytes are read. Dispose of the
   * result.
   * @throws invalid_export, account_not_found, account_archived, configsync_user_exists, ids_taken, draining, storage_full,
   *   unavailable, the errors of `Administration.check`, what `records` throws
   */
  async receive(
    actor: Actor,
    handle: string,
    records: AsyncIterable<ImportRecord>,
    mayRefuseEarly: boolean,
  ): Promise<ReceivedAccount> {
    const { administration, transactions, store, clock } = this.deps
    administration.check(actor)
    if (mayRefuseEarly) {
      transactions.refuseWhileDraining(actor)
      await freeAccount(store.reads, handle)
    }
    const rows = new ImportedRows()
    const keys: BlobKey[] = []
    await using undo = new AsyncDisposableStack()
    undo.defer(() => this.remove(keys))
    const begunAt = clock.steady()
    const iterator = records[Symbol.asyncIterator]()
    for (let isEarly = mayRefuseEarly; ; ) {
      const { done, value } = await iterator.next()
      if (done) throw invalid('it is cut off')
      if (value.of === 'end') {
        if (!(await iterator.next()).done) throw invalid('it goes on after its end')
        break
      }
      if (value.of === 'bytes') throw invalid('it has bytes that belong to no row')
      rows.add(value)
      if (value.of !== 'version' && value.of !== 'snapshot') continue
      // The rows without bytes come first, so what they conflict with is known before any bytes are stored.
      if (isEarly) refuseTaken(await store.reads.configsync.takenIds(idsOf(rows.all)))
      isEarly = false
      const blob = await this.receiveBytes(value.row, iterator)
      keys.push(blob)
      if (value.of === 'version') rows.addVersion(value.row, blob)
      else rows.addSnapshot(value.row, blob)
    }
    rows.requireWhole()
    const disposal = undo.move()
    let isKept = false
    return {
      handle,
      rows: rows.all,
      begunAt,
      keep: () => {
        isKept = true
      },
      [Symbol.asyncDispose]: async () => {
        if (!isKept) await disposal.disposeAsync()
      },
    }
  }

  /**
   * Stores the rows of a received account, all or none.
   * @throws account_not_found, account_archived, configsync_user_exists, ids_taken, import_too_slow, the errors of
   *   `Administration.act`
   */
  async store(actor: Actor, received: ReceivedAccount): Promise<ImportedAccount> {
    const { administration, clock } = this.deps
    const { handle, rows } = received
    if (clock.steady() - received.begunAt > LONGEST_MILLISECONDS)
      throw new AppError(
        'conflict',
        'import_too_slow',
        'The import took too long, and nothing was imported: copy the file to the machine of the server and import it there',
      )
    try {
      const imported = await administration.act(actor, async (tx) => {
        const account = await freeAccount(tx, handle)
        refuseTaken(await tx.configsync.takenIds(idsOf(rows)))
        await tx.configsync.insertAccount(account.id, rows)
        const user = await tx.configsync.user({ id: rows.user.id })
        if (!user) throw new Error('an imported user is missing')
        const of: UserOfAccount = { account, user }
        await noteAdmin(tx, actor, of, 'import')
        return { handle: account.handle, rows }
      })
      received.keep()
      return imported
    } catch (error) {
      // Any other error may mean that the rows are committed, and that only the answer of the database was lost.
      if (!(error instanceof AppError) || error.kind === 'unavailable') received.keep()
      throw error
    }
  }

  private async receiveBytes(
    { size, sha256 }: { readonly size: number; readonly sha256: string },
    records: AsyncIterator<ImportRecord>,
  ): Promise<BlobKey> {
    await using received = await this.deps.blobs.receive('configsync', bytesOf(records, size))
    if (received.sha256 !== sha256) throw invalid('bytes are not those of their row')
    return await received.keep()
  }

  private async remove(keys: readonly BlobKey[]): Promise<void> {
    const { blobs, report } = this.deps
    for (const key of keys) await blobs.remove(key).catch(report)
  }
}

/** The bytes of a row, up to `size`. @throws invalid_export if there are others */
async function* bytesOf(
  records: AsyncIterator<ImportRecord>,
  size: number,
): AsyncGenerator<Uint8Array, void> {
  for (let left = size; left > 0; ) {
    const { done, value } = await records.next()
    if (done) throw invalid('it is cut off')
    if (value.of !== 'bytes' || value.bytes.length === 0 || value.bytes.length > left)
      throw invalid('a row has another number of bytes than it says')
    left -= value.bytes.length
    yield value.bytes
  }
}

/**
 * Returns an account that has nothing in the store.
 * @throws account_not_found, account_archived, configsync_user_exists
 */
async function freeAccount(tx: Reads, handle: string): Promise<Account> {
  const account = await tx.account({ handle: normalName(handle) })
  if (!account) throw refusal('account_not_found')
  if (account.archivedAt !== null) throw refusal('account_archived')
  if (!(await tx.configsync.user({ accountId: account.id }))) return account
  throw new AppError(
    'conflict',
    'configsync_user_exists',
    `${account.handle} uses ConfigSync already, and an import is for an account that does not: synapse configsync purge deletes what it has there`,
  )
}

/** @throws ids_taken, with the first of the ids */
function refuseTaken(taken: AccountIds): void {
  const names = ID_KINDS.flatMap((kind) => taken[kind].map((id) => `${kind} ${id}`))
  if (names.length === 0) return
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : ''
  throw new AppError(
    'conflict',
    'ids_taken',
    `Nothing was imported, because these ids are in use here: ${names.slice(0, NAMED).join(', ')}${more}`,
  )
}
