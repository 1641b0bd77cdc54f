import { throughAddress } from '../base-url'
import { type Check, skip } from '../check'
import { accountOf, type Visitor } from './client-probe'

/** Whether what is sent there arrives as it was sent. Only the server can say, and says it to admins alone. */
export const roundTrip: Check<Visitor> = {
  name: 'round_trip',
  async look(visitor) {
    if (accountOf(visitor)?.['is_admin'] !== true)
      return [skip('only an admin is told what arrives; doctor on that machine looks, too')]
    const answer = await visitor.ask('/v1/admin/echo', { method: 'POST' })
    const path = 'body' in answer ? answer.body['path'] : undefined
    if (typeof path !== 'string') return [skip('the server does not say what arrives')]
    return throughAddress(visitor.client.url, path)
  },
}
