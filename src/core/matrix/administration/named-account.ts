import type { Account } from '../../kernel/entities'
import { refusal } from '../../kernel/errors'
import { parseUuid } from '../../kernel/ids'
import type { Reads } from '../../kernel/ports'
import type { Users } from '../users'

/**
 * Returns the account that an administrator names: by its id, or as a user by whole id, localpart or handle.
 * @throws account_not_found
 */
export async function accountNamed(users: Users, reads: Reads, name: string): Promise<Account> {
  const uuid = parseUuid(name)
  const account = uuid
    ? await reads.account({ uuid })
    : ((await users.find(name, reads)) ?? (await reads.account({ handle: name })))
  if (!account) throw refusal('account_not_found')
  return account
}
