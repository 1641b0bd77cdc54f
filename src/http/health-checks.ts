import type { Core } from '../core'
import { Type } from './schema'

/** A check that can be switched off: its state, its setting, and its meaning. */
export interface Check {
  readonly check: string
  readonly state: 'on' | 'off'
  readonly switch: string
  readonly because: string
}

export const checksSchema = Type.Array(
  Type.Object({
    check: Type.String(),
    state: Type.Union([Type.Literal('on'), Type.Literal('off')]),
    switch: Type.String({ description: 'The setting that switches the check' }),
    because: Type.String(),
  }),
)

/** The current state of the checks (docs/contract/operation.md#checks-that-can-be-switched-off). */
export function checksOf({ settings }: Core): Check[] {
  const header = settings.get('strict_actor_header')
  const allowlist = settings.get('strict_impersonation_enforcement')
  return [
    {
      check: 'actor_header',
      state: header ? 'on' : 'off',
      switch: 'strict_actor_header',
      because: header
        ? 'X-Synapse-Actor without a credential is refused everywhere'
        : 'X-Synapse-Actor without a credential is ignored where none is needed',
    },
    {
      check: 'impersonation',
      state: allowlist ? 'on' : 'off',
      switch: 'strict_impersonation_enforcement',
      because: allowlist
        ? `a system admin acts as others only by the entries of impersonation_allowlist (${settings.get('impersonation_allowlist').length})`
        : 'a system admin may act as any account',
    },
  ]
}
