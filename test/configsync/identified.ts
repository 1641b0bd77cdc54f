import type { World } from '../support/world'
import { type SyncUser, syncUser } from './sync-user'

/** A user of ConfigSync who knows its id, to which clients bind their ciphertext. */
export interface IdentifiedUser extends SyncUser {
  readonly userId: number
}

/** Creates an agent, enables it and issues a token. */
export async function identified(w: World, handle: string): Promise<IdentifiedUser> {
  const user = await syncUser(w, handle)
  const { body } = await user.caller.get<{ user: { id: number } }>('/api/auth/verify')
  return { ...user, userId: body.user.id }
}
