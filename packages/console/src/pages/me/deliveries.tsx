import type { AnswerTo } from '@synapse/client'
import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Button, Chip, Time } from '../../ui'
import { Reading } from './reading'
import { Row, Rows } from './rows'

type Page = AnswerTo<'GET /v1/me/webhooks/{id}/deliveries'>
type Delivery = Page['deliveries'][number]
type Attempt = Delivery['attempts'][number]

/** What a webhook was sent, the newest first, with each attempt and its answer. */
export function Deliveries({ webhook }: { readonly webhook: string }) {
  const page = (cursor?: string): Promise<Page> =>
    synapse.request('GET /v1/me/webhooks/{id}/deliveries', {
      path: { id: webhook },
      query: cursor === undefined ? {} : { cursor },
    })
  return (
    <Reading read={page}>
      {(first, reload) => <List key={first.deliveries[0]?.id} first={first} page={page} onChanged={reload} />}
    </Reading>
  )
}

interface ListProps {
  readonly first: Page
  readonly page: (cursor: string) => Promise<Page>
  readonly onChanged: () => Promise<void>
}

function List({ first, page, onChanged }: ListProps) {
  const [older, setOlder] = useState<readonly Page[]>([])
  const { next_cursor: next } = older.at(-1) ?? first
  const all = [first, ...older].flatMap(({ deliveries }) => deliveries)
  const more = async (cursor: string) => setOlder([...older, await page(cursor)])
  const again = async (id: string) => {
    await synapse.request('POST /v1/me/webhooks/deliveries/{id}/redeliver', { path: { id } })
    setOlder([])
    await onChanged()
  }
  return (
    <>
      <p class="acts">
        <Button
          small
          onPress={async () => {
            setOlder([])
            await onChanged()
          }}
        >
          Look again
        </Button>
      </p>
      <Rows label="Deliveries" empty="Nothing was sent yet.">
        {all.map((one) => (
          <Row
            key={one.id}
            title={
              <>
                <code>{one.event}</code> <State of={one} />
              </>
            }
            facts={one.attempts.map((attempt) => <AttemptLine key={attempt.at} of={attempt} />)}
            acts={
              one.state !== 'pending' && (
                <Button small aria-label={`Send ${one.event} again`} onPress={() => again(one.id)}>
                  Send again
                </Button>
              )
            }
          />
        ))}
      </Rows>
      {next !== null && (
        <p class="acts">
          <Button onPress={() => more(next)}>Show more</Button>
        </p>
      )}
    </>
  )
}

function State({ of: { state, next_at } }: { readonly of: Delivery }) {
  if (state === 'delivered') return <Chip tone="agent">delivered</Chip>
  if (state === 'dead') return <Chip tone="bad">given up</Chip>
  return <Chip tone="wait">waiting{next_at !== null && <> until {<Time at={next_at} />}</>}</Chip>
}

function AttemptLine({ of: { at, status, error, ms } }: { readonly of: Attempt }) {
  return (
    <>
      <Time at={at} show="both" /> {status === null ? (error ?? 'no answer') : `answer ${status}`} after {ms}{' '}
      ms
    </>
  )
}
