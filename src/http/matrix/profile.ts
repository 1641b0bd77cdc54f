/** Profiles of users, and the search for users. */
import type { Core } from '../../core'
import type { Matrix } from '../../core/matrix'
import type { Endpoint } from '../endpoint'
import type { RequestContext } from '../request-context'
import { maybe, Type, text } from '../schema'
import { matrixEndpoint } from './endpoint'
import { matrixError } from './errors'
import { ownUser } from './own-user'

/** Users that an answer has unless the request says how many. */
const RESULTS = 10

const searchBody = Type.Object({
  search_term: text({ maxLength: 256 }),
  limit: maybe(Type.Integer({ minimum: 1 })),
})

const PROFILE = '/_matrix/client/v3/profile/:user'

export function profileEndpoints(core: Core, matrix: Matrix): Endpoint[] {
  const { profiles } = matrix
  const admit = async (context: RequestContext) => {
    if (core.settings.get('matrix.profiles_need_token')) await context.enter({ who: 'account', rate: 'read' })
  }
  return [
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/user_directory/search',
      who: 'account',
      rate: 'read',
      summary: 'Search for users',
      body: searchBody,
      handle: async ({ actor, body }) => {
        const { search_term: term, limit } = body
        const found = await matrix.userDirectory.search(actor, { term, limit: limit ?? RESULTS })
        return { status: 200, json: found }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: PROFILE,
      who: 'anyone',
      summary: 'Show a profile',
      handle: async ({ context, params }) => {
        await admit(context)
        return { status: 200, json: await profiles.find(params.user ?? '') }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: `${PROFILE}/:key`,
      who: 'anyone',
      summary: 'Show a field of a profile',
      handle: async ({ context, params }) => {
        await admit(context)
        const key = params.key ?? ''
        return { status: 200, json: { [key]: await profiles.field(params.user ?? '', key) } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'PUT',
      path: `${PROFILE}/:key`,
      who: 'account',
      summary: 'Set a field of your profile',
      handle: async ({ actor, params, members }) => {
        await ownUser(matrix, actor, params.user)
        const key = params.key ?? ''
        if (!Object.hasOwn(members, key)) throw matrixError(400, 'M_MISSING_PARAM', `The body needs ${key}`)
        await profiles.set(actor, key, members[key])
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'DELETE',
      path: `${PROFILE}/:key`,
      who: 'account',
      summary: 'Remove a field of your profile',
      handle: async ({ actor, params }) => {
        await ownUser(matrix, actor, params.user)
        await profiles.set(actor, params.key ?? '', undefined)
        return { status: 200, json: {} }
      },
    }),
  ]
}
