import { Button, Chip, ErrorState, Loading, toast } from '../../ui'
import { countOf, When } from './facts'
import type { Pages } from './pages'
import { Table } from './table'

export type DeliveryState = 'pending' | 'delivered' | 'dead'

interface Attempt {
  readonly at: string
  readonly status: number | null
  readonly ms: number
  readonly error: string | null
  readonly answer: string | null
}

export interface Delivery {
  readonly id: string
  readonly webhook_id: string
  readonly event: string
  readonly state: DeliveryState
  readonly attempts: readonly Attempt[]
  readonly next_at: string | null
}

export interface DeliveriesProps {
  readonly of: Pages<Delivery>
  /** Names the webhook of a delivery, where there are several. */
  readonly nameOf?: (delivery: Delivery) => string
  readonly onRedeliver: (delivery: Delivery) => Promise<unknown>
}

/** What webhooks were sent, the newest first, with each attempt and its answer. */
export function Deliveries({ of, nameOf, onRedeliver }: DeliveriesProps) {
  if (of.error !== undefined) return <ErrorState error={of.error} onRetry={of.reload} />
  if (of.rows === undefined) return <Loading rows={3} />
  const again = async (delivery: Delivery) => {
    await onRedeliver(delivery)
    toast('It is being sent again.')
  }
  return (
    <>
      <p class="acts">
        <Button small onPress={of.reload}>
          Look again
        </Button>
      </p>
      <Table
        label="Deliveries"
        rows={of.rows}
        keyOf={(one) => one.id}
        empty="Nothing was sent, or nothing like that."
        columns={[
          { title: 'What', cell: (one) => <code>{one.event}</code> },
          ...(nameOf ? [{ title: 'Webhook', cell: nameOf }] : []),
          { title: 'State', cell: (one) => <State of={one} /> },
          { title: 'Attempts', cell: (one) => <Attempts of={one} /> },
        ]}
        acts={(one) =>
          one.state !== 'pending' && (
            <Button small aria-label={`Send again: ${one.event}`} onPress={() => again(one)}>
              Send again
            </Button>
          )
        }
        hasMore={of.hasMore}
        onMore={of.more}
      />
    </>
  )
}

function State({ of }: { readonly of: Delivery }) {
  if (of.state === 'delivered') return <Chip tone="agent">delivered</Chip>
  if (of.state === 'dead') return <Chip tone="bad">given up</Chip>
  return (
    <Chip tone="wait">
      waiting
      {of.next_at !== null && (
        <>
          {' '}
          until <When at={of.next_at} />
        </>
      )}
    </Chip>
  )
}

function Attempts({ of: { attempts } }: { readonly of: Delivery }) {
  const last = attempts.at(-1)
  if (last === undefined) return <span class="none">none yet</span>
  return (
    <details>
      <summary>
        {countOf(attempts.length, 'attempt')}: {resultOf(last)}
      </summary>
      <ol class="attempts">
        {attempts.map((one) => (
          <li key={one.at}>
            <When at={one.at} /> {resultOf(one)} after {one.ms} ms
            {one.answer !== null && one.answer !== '' && <pre>{one.answer}</pre>}
          </li>
        ))}
      </ol>
    </details>
  )
}

function resultOf({ status, error }: Attempt): string {
  return status === null ? (error ?? 'no answer') : `answer ${status}`
}
