import { useEffect, useState } from 'preact/hooks'
import { useConsole } from '../../app/console'
import { Aside } from '../../app/main-pane'
import { navigate } from '../../app/navigation'
import { href } from '../../app/routes'
import { background } from '../../background'
import type { Channel, Notify } from '../../state'
import { Button, CopyButton } from '../../ui'
import { Aliases } from './aliases'
import { DateJump } from './date-jump'
import { addressOf } from './load'
import { Members } from './members'
import { ChannelSettings } from './settings'
import { ThreadList } from './thread-list'

interface DetailsProps {
  readonly channel: Channel
  readonly onClose: () => void
}

const NOTIFY: readonly { readonly value: Notify; readonly words: string }[] = [
  { value: 'all', words: 'Everything that is for me' },
  { value: 'mentions', words: 'Mentions, replies and questions' },
  { value: 'none', words: 'Nothing' },
]

/** What a channel is made of: members, groups, threads, settings, and what it tells me. */
export function Details({ channel, onClose }: DetailsProps) {
  const app = useConsole()
  const { slug, role, topic, description } = channel
  const mayAdminister = role === 'admin' || app.store.me.value?.is_admin === true
  return (
    <Aside title={`#${slug}`} onClose={onClose} class="details">
      {(topic || description) && (
        <section>
          {topic && <p>{topic}</p>}
          {description && description !== topic && <p class="hint">{description}</p>}
        </section>
      )}
      <section>
        <DateJump
          isLabelled
          find={(time) => app.timelines.at({ channel: slug, thread: null }).toDate(time)}
          onFound={(id) => navigate(href('channel', { slug }, { m: id }))}
        />
      </section>
      <Members slug={slug} mayEdit={mayAdminister} />
      <section aria-labelledby="details-notify">
        <h3 id="details-notify">My notifications</h3>
        <MyNotifications channel={channel} />
      </section>
      <ThreadList slug={slug} />
      <Aliases slug={slug} mayEdit={mayAdminister} />
      <Address slug={slug} />
      {mayAdminister && <ChannelSettings slug={slug} />}
      {role !== null && (
        <section>
          <LeaveButton slug={slug} />
        </section>
      )}
    </Aside>
  )
}

function MyNotifications({ channel: { slug, notify = 'all' } }: { readonly channel: Channel }) {
  const { acts } = useConsole()
  return (
    <div class="radio-list" role="radiogroup" aria-labelledby="details-notify">
      {NOTIFY.map(({ value, words }) => (
        <label key={value}>
          <input
            type="radio"
            name="notify"
            checked={(notify ?? 'all') === value}
            onChange={() => background(acts.setNotify(slug, value))}
          />
          {words}
        </label>
      ))}
    </div>
  )
}

/** The address of the channel on Matrix, if it has one. */
function Address({ slug }: { readonly slug: string }) {
  const [address, setAddress] = useState<string>()
  useEffect(() => background(addressOf(slug).then(setAddress)), [slug])
  if (address === undefined) return null
  return (
    <section aria-labelledby="details-address">
      <h3 id="details-address">On Matrix</h3>
      <p class="address">
        <code>{address}</code> <CopyButton text={address} label="Copy the address on Matrix" />
      </p>
    </section>
  )
}

function LeaveButton({ slug }: { readonly slug: string }) {
  const { acts } = useConsole()
  const [isAsking, setAsking] = useState(false)
  if (!isAsking)
    return (
      <Button small look="danger" onPress={() => setAsking(true)}>
        Leave #{slug}
      </Button>
    )
  return (
    <div class="acts">
      <span>Leave #{slug}? You no longer see what is written here.</span>
      <Button small look="danger" onPress={() => acts.leave(slug)}>
        Leave
      </Button>
      <Button small look="plain" onPress={() => setAsking(false)}>
        Stay
      </Button>
    </div>
  )
}
