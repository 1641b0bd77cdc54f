import { throughAddress } from '../base-url'
import { type Check, skip } from '../check'
import { accountOf, type ClientProbe } from './client-probe'

/** Checks that requests arrive at the server unchanged. The server tells this only to admins. */
export const roundTrip: Check<ClientProbe> = {
  name: 'round_trip',
  async look(probe) {
    if (accountOf(probe)?.['is_admin'] !== true)
      return [skip('this needs an admin token; doctor on that machine checks it too')]
    const answer = await probe.ask('/v1/admin/echo', { method: 'POST' })
    const path = 'body' in answer ? answer.body['path'] : undefined
    if (typeof path !== 'string') return [skip('the server does not echo requests')]
    return throughAddress(probe.client.url, path)
  },
}
