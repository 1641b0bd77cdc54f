import { useState } from 'preact/hooks'
import { useConsole } from '../../app/console'
import { NotificationSetting } from '../../app/notification-setting'
import { href } from '../../app/routes'
import { background } from '../../background'
import type { Channel, Notify } from '../../state'
import { Problem } from '../parts/problem'
import { Table } from '../parts/table'

const words: readonly (readonly [value: Notify, words: string])[] = [
  ['all', 'Everything that is for me'],
  ['mentions', 'Mentions, replies and questions'],
  ['none', 'Nothing'],
]

/** What each conversation tells the person. */
export function Alerts() {
  const { store } = useConsole()
  const mine = store.channels.all.value.filter(({ role }) => role !== null)
  return (
    <>
      <section aria-labelledby="me-browser">
        <h2 id="me-browser">This browser</h2>
        <NotificationSetting />
      </section>
      <section aria-labelledby="me-notify">
        <h2 id="me-notify">What notifies you</h2>
        <p class="hint">It holds in every browser and program of yours.</p>
        <Table
          label="Channels"
          rows={mine}
          keyOf={(one) => one.slug}
          empty="You are in no channel yet."
          columns={[
            {
              title: 'Channel',
              cell: (one) => <a href={href('channel', { slug: one.slug })}>{nameOf(one)}</a>,
            },
            { title: 'Notifies you', cell: (one) => <Choice of={one} /> },
          ]}
        />
      </section>
    </>
  )
}

function nameOf({ slug, kind, peer }: Channel): string {
  return kind === 'dm' ? `@${peer?.handle ?? slug}` : `#${slug}`
}

function Choice({ of }: { readonly of: Channel }) {
  const { acts } = useConsole()
  const [error, setError] = useState<unknown>()
  const set = async (value: Notify) => {
    setError(undefined)
    try {
      await acts.setNotify(of.slug, value)
    } catch (failure) {
      setError(failure)
    }
  }
  return (
    <>
      <select
        aria-label={`Notifications of ${nameOf(of)}`}
        value={of.notify ?? 'all'}
        onChange={({ currentTarget }) => {
          const [value] = words.find(([one]) => one === currentTarget.value) ?? ['all' as const]
          background(set(value))
        }}
      >
        {words.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <Problem error={error} />
    </>
  )
}
