import type { Person } from '../../core/identity/actor'
import type { Matrix } from '../../core/matrix'
import { matrixError } from './errors'

/** Requires that a user id in a path is that of the caller. @throws M_FORBIDDEN */
export async function ownUser(matrix: Matrix, actor: Person, userId: string | undefined): Promise<string> {
  const own = await matrix.users.idOf(actor.account)
  if (userId !== own) throw matrixError(403, 'M_FORBIDDEN', 'This is another user')
  return own
}
