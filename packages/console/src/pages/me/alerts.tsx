import { useState } from 'preact/hooks'
import { useConsole } from '../../app/console'
import { NotificationSetting } from '../../app/notification-setting'
import { href } from '../../app/routes'
import { background } from '../../background'
import type { Channel, Notify } from '../../state'
import { Problem } from '../parts/problem'

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
        {mine.length === 0 && <p class="quiet">You are in no channel yet.</p>}
        <ul class="me-rows">
          {mine.map((channel) => (
            <Choice key={channel.slug} of={channel} />
          ))}
        </ul>
      </section>
    </>
  )
}

function Choice({ of: { slug, kind, peer, notify } }: { readonly of: Channel }) {
  const { acts } = useConsole()
  const [error, setError] = useState<unknown>()
  const name = kind === 'dm' ? `@${peer?.handle ?? slug}` : `#${slug}`
  const set = async (value: Notify) => {
    setError(undefined)
    try {
      await acts.setNotify(slug, value)
    } catch (failure) {
      setError(failure)
    }
  }
  return (
    <li>
      <div class="what">
        <a href={href('channel', { slug })}>{name}</a>
        <Problem error={error} />
      </div>
      <select
        aria-label={`Notifications of ${name}`}
        value={notify ?? 'all'}
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
    </li>
  )
}
