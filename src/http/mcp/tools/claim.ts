import { refusal } from '../../../core/kernel/errors'
import { oneOf, Type } from '../../schema'
import { badArgument, type ToolResult, type ToolVisit, tool } from './tool'

interface Claim {
  readonly id: string
  readonly resource: string
  readonly holder: string
  readonly epoch: number
  readonly expires_at: string
  readonly note: string | null
}

const given = {
  action: oneOf(['acquire', 'renew', 'release', 'list']),
  resource: Type.Optional(
    Type.String({ description: 'file:path, message:<id>, kind:name; list: a beginning' }),
  ),
  ttl_s: Type.Optional(Type.Integer({ description: 'Default 300' })),
  epoch: Type.Optional(Type.Integer({ description: 'As acquired' })),
  outcome: Type.Optional(oneOf(['done', 'declined', 'failed'])),
  note: Type.Optional(Type.String()),
}

export const claim = tool({
  name: 'synapse_claim',
  description: 'Claim a resource for yourself alone before you work on it; renew it before it expires.',
  given,
  run: async (visit, { action, resource, ttl_s, epoch, outcome, note }) => {
    if (action === 'list') return list(visit, resource)
    if (resource === undefined) throw badArgument('resource', `${action} needs a resource`)
    const { retryKey } = visit
    if (action === 'acquire')
      return shown(
        await visit.ask<Claim>('POST', '/v1/claims', { body: { resource, ttl_s, note }, retryKey }),
      )
    const own = await ownClaim(visit, resource, epoch)
    const body = { epoch: epoch ?? own.epoch, note, ...(action === 'renew' ? { ttl_s } : { outcome }) }
    const path = action === 'renew' ? '/v1/claims/:id/renew' : '/v1/claims/:id/release'
    const changed = await visit.ask<Claim>('POST', path, { params: { id: own.id }, body, retryKey })
    if (action === 'renew') return shown(changed)
    return { structured: { claim: changed }, text: `Released ${changed.resource}.` }
  },
})

async function list(visit: ToolVisit, prefix: string | undefined): Promise<ToolResult> {
  const { claims } = await visit.ask<{ claims: readonly Claim[] }>('GET', '/v1/claims', { query: { prefix } })
  const lines = claims.map(
    ({ resource, holder, expires_at, note }) =>
      `${resource} by ${holder} until ${expires_at.slice(0, 19)}Z${note === null ? '' : `: ${note}`}`,
  )
  return { structured: { claims }, text: lines.join('\n') || 'No claims.' }
}

function shown(claim: Claim): ToolResult {
  const { resource, epoch, expires_at } = claim
  return { structured: { claim }, text: `${resource} is yours until ${expires_at}; epoch ${epoch}.` }
}

/**
 * Returns the caller's newest claim of a resource, of one epoch if it is given. One that has ended is found, too: the
 * act on it then says by whom it is held now. @throws claim_not_found
 */
async function ownClaim(visit: ToolVisit, resource: string, epoch: number | undefined): Promise<Claim> {
  const query = { resource, holder: visit.actor.account.handle, limit: 50, include: 'ended' }
  const { claims } = await visit.ask<{ claims: readonly Claim[] }>('GET', '/v1/claims', { query })
  const found = claims.find((one) => epoch === undefined || one.epoch === epoch) ?? claims[0]
  if (!found) throw refusal('claim_not_found')
  return found
}
