/** The push rules of the caller. */
import { Type } from '@sinclair/typebox'
import type { Matrix } from '../../core/matrix'
import type { Endpoint } from '../endpoint'
import { type MatrixCall, matrixEndpoint } from './endpoint'
import { matrixError } from './errors'

const ROOT = '/_matrix/client/v3/pushrules'
const RULE = `${ROOT}/global/:kind/:rule`

export function pushRuleEndpoints(matrix: Matrix): Endpoint[] {
  const { pushRules } = matrix
  const ruleOf = ({ actor, params }: MatrixCall<'account', unknown>) =>
    pushRules.find(actor, params.kind ?? '', params.rule ?? '')
  const get = (
    path: string,
    summary: string,
    json: (call: MatrixCall<'account', unknown>) => Promise<object>,
  ) =>
    matrixEndpoint(matrix, {
      method: 'GET',
      path,
      who: 'account',
      summary,
      handle: async (call) => ({ status: 200, json: await json(call) }),
    })
  return [
    ...get(`${ROOT}/`, 'List your push rules', async ({ actor }) => ({
      global: await pushRules.list(actor),
    })),
    ...get(`${ROOT}/global/`, 'List your push rules', ({ actor }) => pushRules.list(actor)),
    ...get(RULE, 'Show a push rule', ruleOf),
    ...get(`${RULE}/enabled`, 'Whether a push rule is enabled', async (call) => ({
      enabled: (await ruleOf(call)).enabled,
    })),
    ...get(`${RULE}/actions`, 'What a push rule does', async (call) => ({
      actions: (await ruleOf(call)).actions,
    })),
    ...changes(matrix),
    ...unknownPaths(matrix),
  ]
}

function changes(matrix: Matrix): Endpoint[] {
  const { pushRules } = matrix
  return [
    ...matrixEndpoint(matrix, {
      method: 'PUT',
      path: RULE,
      who: 'account',
      summary: 'Make or replace a push rule',
      handle: async ({ actor, params, members, query }) => {
        const place = { before: query.text('before'), after: query.text('after') }
        await pushRules.put(actor, params.kind ?? '', params.rule ?? '', members, place)
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'DELETE',
      path: RULE,
      who: 'account',
      summary: 'Remove a push rule',
      handle: async ({ actor, params }) => {
        await pushRules.remove(actor, params.kind ?? '', params.rule ?? '')
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'PUT',
      path: `${RULE}/enabled`,
      who: 'account',
      summary: 'Enable or disable a push rule',
      body: Type.Object({ enabled: Type.Boolean() }),
      handle: async ({ actor, params, body }) => {
        await pushRules.setEnabled(actor, params.kind ?? '', params.rule ?? '', body.enabled)
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'PUT',
      path: `${RULE}/actions`,
      who: 'account',
      summary: 'Set what a push rule does',
      handle: async ({ actor, params, members }) => {
        await pushRules.setActions(actor, params.kind ?? '', params.rule ?? '', members.actions)
        return { status: 200, json: {} }
      },
    }),
  ]
}

const METHODS = ['GET', 'PUT', 'DELETE'] as const

/** What is no path of a rule below the prefix: clients expect 400 there, and 404 only for the prefix itself. */
function unknownPaths(matrix: Matrix): Endpoint[] {
  return METHODS.flatMap((method) => [
    ...matrixEndpoint(matrix, {
      method,
      path: ROOT,
      who: 'account',
      summary: 'No push rule',
      handle: () => {
        if (method !== 'GET') throw noRule()
        throw matrixError(404, 'M_UNRECOGNIZED', `The path of all push rules ends with a slash: ${ROOT}/`)
      },
    }),
    ...matrixEndpoint(matrix, {
      method,
      path: `${ROOT}/*`,
      who: 'account',
      summary: 'No push rule',
      handle: () => {
        throw noRule()
      },
    }),
  ])
}

function noRule() {
  return matrixError(
    400,
    'M_INVALID_PARAM',
    'The path of a push rule is pushrules/global/<kind>/<rule id>, with /enabled or /actions behind it for these',
  )
}
