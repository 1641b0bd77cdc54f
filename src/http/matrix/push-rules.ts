/** The push rules of the caller. */
import type { Matrix } from '../../core/matrix'
import { defaultPushRules, pushRule } from '../../core/matrix/account-data/push-rules'
import type { Endpoint } from '../endpoint'
import { type MatrixCall, matrixEndpoint } from './endpoint'
import { matrixError } from './errors'

const RULES = '/_matrix/client/v3/pushrules/'
const RULE = `${RULES}global/:kind/:rule`

export function pushRuleEndpoints(matrix: Matrix): Endpoint[] {
  const userOf = ({ actor }: MatrixCall<'account', unknown>) => matrix.users.idOf(actor.account)
  const ruleOf = async (call: MatrixCall<'account', unknown>) => {
    const found = pushRule(await userOf(call), call.params.kind ?? '', call.params.rule ?? '')
    if (!found) throw matrixError(404, 'M_NOT_FOUND', 'You have no push rule with this id')
    return found
  }
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
    ...get(RULES, 'List your push rules', async (call) => ({ global: defaultPushRules(await userOf(call)) })),
    ...get(`${RULES}global/`, 'List your push rules', async (call) => defaultPushRules(await userOf(call))),
    ...get(RULE, 'Show a push rule', ruleOf),
    ...get(`${RULE}/enabled`, 'Whether a push rule is enabled', async (call) => ({
      enabled: (await ruleOf(call)).enabled,
    })),
    ...get(`${RULE}/actions`, 'What a push rule does', async (call) => ({
      actions: (await ruleOf(call)).actions,
    })),
  ]
}
