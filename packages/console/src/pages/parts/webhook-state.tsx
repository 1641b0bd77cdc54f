import { Chip } from '../../ui'
import { countOf, When } from './facts'

export interface WebhookFacts {
  readonly enabled: boolean
  readonly disabled_reason: 'failing' | 'gone' | null
  readonly failing_since: string | null
  readonly dead: number
}

/** Whether a webhook works, in words. */
export function WebhookState({ of }: { readonly of: WebhookFacts }) {
  const { enabled, disabled_reason: reason, failing_since: since, dead } = of
  return (
    <span class="chips">
      {!enabled ? (
        <Chip tone={reason === null ? 'plain' : 'bad'}>
          {reason === null
            ? 'off'
            : reason === 'gone'
              ? 'off: the address is gone'
              : 'off: it failed too often'}
        </Chip>
      ) : since ? (
        <Chip tone="bad">
          fails since <When at={since} />
        </Chip>
      ) : (
        <Chip tone="agent">on</Chip>
      )}
      {dead > 0 && <Chip tone="wait">{countOf(dead, 'delivery', 'deliveries')} given up</Chip>}
    </span>
  )
}
