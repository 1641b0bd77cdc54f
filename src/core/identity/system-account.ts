import { entryBy } from '../governance/audit'
import type { Account } from '../kernel/entities'
import type { Writes } from '../kernel/ports'
import { accountEvent } from '../log/events'

/** The account that owns the server's own tokens and sends its own messages. */
export const SYSTEM_HANDLE = 'system'

/** Returns the account `system`. Creates it when it is first needed. */
export async function systemAccount(tx: Writes): Promise<Account> {
  const known = await tx.account({ handle: SYSTEM_HANDLE })
  if (known) return known
  const account = await tx.insertAccount({
    kind: 'agent',
    handle: SYSTEM_HANDLE,
    displayName: 'Synapse',
    email: null,
    passwordHash: null,
    isAdmin: false,
  })
  await tx.append(accountEvent('account.created', account), null)
  await tx.audit(
    entryBy(null, 'account.create', { type: 'account', id: account.uuid }, { kind: account.kind }),
  )
  return account
}
