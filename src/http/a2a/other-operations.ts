import { type Endpoint, endpoint } from '../endpoint'
import { unsupported } from './errors'
import { dialect } from './wire'

/** The rest of the protocol: streams, cancelling, push notifications, tenants. */
export function otherOperations(): Endpoint[] {
  return (['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).map((method) =>
    endpoint({
      method,
      path: '/a2a/v1/*',
      who: 'account',
      tag: 'A2A',
      documentation: 'none',
      summary: 'Operations of A2A that this server does not have',
      dialect,
      answers: {},
      refusals: ['unsupported_operation'],
      handle: () => {
        throw unsupported()
      },
    }),
  )
}
