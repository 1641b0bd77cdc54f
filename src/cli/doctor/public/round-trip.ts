import { throughAddress } from '../base-url'
import { type Check, skip } from '../check'
import { accountOf, type ClientProbe } from './client-probe'

/** Whether what is sent there arrives as it was sent. Only the server can say, and says it to admins alone. */
export const roundTrip: Check<ClientProbe> = {
  name: 'round_trip',
  async look(probe) {
    if (accountOf(probe)?.['is_admin'] !== true)
      return [skip('only an admin is told what arrives; doctor on that machine looks, too')]
    const answer = await probe.ask('/v1/admin/echo', { method: 'POST' })
    const path = 'body' in answer ? answer.body['path'] : undefined
    if (typeof path !== 'string') return [skip('the server does not say what arrives')]
    return throughAddress(probe.client.url, path)
  },
}
