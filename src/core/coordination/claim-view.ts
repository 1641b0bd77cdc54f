import type { Directory } from '../access/directory'
import type { Claim } from '../kernel/coordination-ports'
import type { Account, Channel } from '../kernel/entities'

/** A claim with the names shown to readers. */
export interface ClaimView extends Claim {
  readonly holder: Account
  readonly channel: Channel | null
}

/** Returns claims with their names, in order. Synchronous over the directory. */
export function viewClaims(directory: Directory, claims: readonly Claim[]): ClaimView[] {
  if (claims.length === 0) return []
  directory.requireAccounts([...new Set(claims.map(({ accountId }) => accountId))])
  directory.requireChannels(new Set(claims.flatMap(({ channelId }) => channelId ?? [])))
  return claims.map((claim) => ({
    ...claim,
    holder: directory.account(claim.accountId),
    channel: claim.channelId === null ? null : directory.channel(claim.channelId),
  }))
}
