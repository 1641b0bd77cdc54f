import type { Claim } from '@synapse/client'
import { Hand } from 'lucide'
import { useEffect, useState } from 'preact/hooks'
import { Countdown, Icon } from '../ui'

interface ClaimChipProps {
  readonly claim: Claim
  readonly holder: string
  /** Leaves out what is claimed, because it stands there. */
  readonly isHere?: boolean
}

const SHORT_MS = 30_000

/** Who works on something, and for how long at least: wait colour under 30 s, lapsed when it ended. */
export function ClaimChip({ claim, holder, isHere = false }: ClaimChipProps) {
  const end = Date.parse(claim.expires_at)
  const isOver = claim.released_at !== null || end <= Date.now()
  const [, redraw] = useState(0)
  useEffect(() => {
    if (isOver) return
    const left = end - Date.now()
    const timer = setTimeout(() => redraw((count) => count + 1), left > SHORT_MS ? left - SHORT_MS : left)
    return () => clearTimeout(timer)
  })
  const isShort = !isOver && end - Date.now() <= SHORT_MS
  return (
    <span
      class={`chip claim ${isOver ? 'lapsed' : isShort ? 'wait' : ''}`}
      title={`${holder}: ${claim.resource}`}
    >
      <Icon of={Hand} size={14} label="claimed by" />
      <span>{holder}</span>
      {!isHere && <span class="claim-resource">{lastSegment(claim.resource)}</span>}
      {isOver ? (
        <span>{claim.released_at === null ? 'lapsed' : (claim.outcome ?? 'released')}</span>
      ) : (
        <Countdown until={claim.expires_at} />
      )}
    </span>
  )
}

/** `file:src/live/ws.ts` is `ws.ts`; a message is only `message`. */
function lastSegment(resource: string): string {
  const [kind = '', ...rest] = resource.split(':')
  if (kind === 'message') return kind
  return rest.join(':').split('/').filter(Boolean).at(-1) ?? resource
}
