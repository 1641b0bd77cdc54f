import type { Core } from '../../core'
import { type Endpoint, endpoint } from '../endpoint'
import { Type } from '../schema'

/** Says whether anybody can sign in, so that the first page of a new server can say what to do. */
export function setupEndpoint(core: Core): Endpoint {
  return endpoint({
    method: 'GET',
    path: '/v1/setup',
    who: 'anyone',
    tag: 'Server',
    summary: 'Say whether a person can sign in, and the name of this server',
    answers: {
      200: {
        description: 'The state of the set-up',
        schema: Type.Object({
          ready: Type.Boolean({ description: 'There is a person with a password' }),
          name: Type.String({ description: 'The setting `instance.name`' }),
        }),
      },
    },
    handle: async () => ({
      status: 200,
      json: { ready: await core.accounts.canSignIn(), name: core.settings.get('instance.name') },
    }),
  })
}
