/** What the caller keeps for itself: account data, tags and filters. */
import type { Matrix } from '../../core/matrix'
import type { Endpoint } from '../endpoint'
import { matrixEndpoint } from './endpoint'
import { matrixError } from './errors'
import { ownUser } from './own-user'

/** Types that other requests change. */
const MANAGED: ReadonlySet<string> = new Set(['m.fully_read', 'm.push_rules'])

const USER = '/_matrix/client/v3/user/:user'

export function accountDataEndpoints(matrix: Matrix): Endpoint[] {
  const { accountData } = matrix
  const data = [`${USER}/account_data/:type`, `${USER}/rooms/:room/account_data/:type`]
  return [
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: data,
      who: 'account',
      summary: 'Show account data',
      handle: async ({ actor, params }) => {
        await ownUser(matrix, actor, params.user)
        return { status: 200, text: await accountData.get(actor, params.room, params.type ?? '') }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'PUT',
      path: data,
      who: 'account',
      summary: 'Set account data',
      handle: async ({ actor, params, members }) => {
        await ownUser(matrix, actor, params.user)
        const type = params.type ?? ''
        if (MANAGED.has(type))
          throw matrixError(405, 'M_BAD_JSON', `Account data of the type ${type} are set by other requests`)
        await accountData.set(actor, params.room, type, members)
        return { status: 200, json: {} }
      },
    }),
    ...tagEndpoints(matrix),
    ...filterEndpoints(matrix),
  ]
}

function tagEndpoints(matrix: Matrix): Endpoint[] {
  const { accountData } = matrix
  const tags = `${USER}/rooms/:room/tags`
  return [
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: tags,
      who: 'account',
      summary: 'List the tags of a room',
      handle: async ({ actor, params }) => {
        await ownUser(matrix, actor, params.user)
        return { status: 200, json: { tags: await accountData.tags(actor, params.room ?? '') } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'PUT',
      path: `${tags}/:tag`,
      who: 'account',
      summary: 'Tag a room',
      handle: async ({ actor, params, members }) => {
        await ownUser(matrix, actor, params.user)
        const { order } = members
        if (order !== undefined && typeof order !== 'number')
          throw matrixError(400, 'M_BAD_JSON', 'order is a number')
        await accountData.setTag(actor, params.room ?? '', params.tag ?? '', members)
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'DELETE',
      path: `${tags}/:tag`,
      who: 'account',
      summary: 'Remove a tag of a room',
      handle: async ({ actor, params }) => {
        await ownUser(matrix, actor, params.user)
        await accountData.removeTag(actor, params.room ?? '', params.tag ?? '')
        return { status: 200, json: {} }
      },
    }),
  ]
}

function filterEndpoints(matrix: Matrix): Endpoint[] {
  return [
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: `${USER}/filter`,
      who: 'account',
      summary: 'Store a filter',
      handle: async ({ actor, params, members }) => {
        await ownUser(matrix, actor, params.user)
        const id = await matrix.accountData.keepFilter(actor, members)
        return { status: 200, json: { filter_id: String(id) } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: `${USER}/filter/:filter`,
      who: 'account',
      summary: 'Show a filter',
      handle: async ({ actor, params }) => {
        await ownUser(matrix, actor, params.user)
        return { status: 200, text: await matrix.accountData.filter(actor, params.filter ?? '') }
      },
    }),
  ]
}
