/** Threads, beside their channel or alone. Imports timeline/ and what a channel has too. Start reading here. */
import { BellRing } from 'lucide'
import { useConsole } from '../../app/console'
import { Aside, Main } from '../../app/main-pane'
import { navigate } from '../../app/navigation'
import { PauseBanner, pausesFor } from '../../app/pausing'
import { href } from '../../app/routes'
import { background } from '../../background'
import { LateComposer } from '../../composer/late-composer'
import { fieldForTyping } from '../../composer/typing'
import type { Channel } from '../../state'
import { nameOf } from '../../timeline/host'
import { Timeline } from '../../timeline/timeline'
import { Button, Empty } from '../../ui'
import { Stopped } from '../channel/stopped'
import { useEscape } from '../channel/use-escape'
import { useConversation } from '../channel/use-host'

interface ThreadPaneProps {
  readonly channel: Channel
  /** The id of the root. */
  readonly id: string
  readonly target: string | undefined
  /** Whether it is the page itself, where there is no room for the channel beside it. */
  readonly isAlone: boolean
}

/** A thread: its root and its replies, what its agents may still post, the field. */
export function ThreadPane({ channel, id, target: asked, isAlone }: ThreadPaneProps) {
  const app = useConsole()
  const { slug } = channel
  const place = { channel: slug, thread: id }
  const { host, opening, list, target, onShown } = useConversation({
    ...{ channel, place, target: asked },
    onReply: (message) => {
      app.drafts.change(place, { replyTo: message.id })
      fieldForTyping()?.focus()
    },
  })
  const thread = app.store.threads.get(id)
  const blocked = (app.store.blocked.get(slug) ?? thread?.chain.blocked ?? []).filter(
    ({ thread_id }) => thread_id === id,
  )
  const up = href('channel', { slug })
  useEscape(() => {
    if (host.editing.value !== undefined) {
      host.editing.value = undefined
      return
    }
    if (!isAlone) return navigate(up)
    background(app.reading.mark(place, null))
    list.current?.toNewest()
  })
  const content = (
    <>
      {isAlone && <PauseBanner channel={channel.slug} pauses={pausesFor(app, { channel: channel.slug })} />}
      <Timeline
        host={host}
        label={`Thread in ${channel.kind === 'dm' ? (channel.peer?.handle ?? slug) : slug}`}
        opening={opening}
        target={target}
        onShown={onShown}
        handle={list}
        head={() => null}
        empty={<Empty>This thread is empty.</Empty>}
      />
      <Stopped place={place} blocked={blocked} />
      <LateComposer
        isDue={['ready', 'failed'].includes(opening.timeline.state.value)}
        place={place}
        label="Reply"
        aliases={host.aliases}
      />
    </>
  )
  const header = <FollowButton id={id} />
  if (isAlone)
    return (
      <Main
        title="Thread"
        up={up}
        class="conversation thread"
        heading={<ThreadHeading channel={channel} />}
        header={header}
      >
        {content}
      </Main>
    )
  return (
    <Aside title="Thread" header={header} onClose={() => navigate(up)} class="conversation thread">
      {content}
    </Aside>
  )
}

function ThreadHeading({ channel: { kind, slug, peer } }: { readonly channel: Channel }) {
  const app = useConsole()
  return (
    <span class="channel-heading">
      <span class="channel-slug">Thread</span>
      <span class="channel-topic">{kind === 'dm' ? nameOf(app, peer?.handle ?? slug) : `#${slug}`}</span>
    </span>
  )
}

/** Whether replies of the thread come to my inbox. */
function FollowButton({ id }: { readonly id: string }) {
  const { store, acts } = useConsole()
  const thread = store.threads.get(id)
  if (!thread) return null
  const { followed } = thread
  return (
    <Button
      small
      look={followed ? 'outline' : 'plain'}
      icon={BellRing}
      aria-pressed={followed}
      title={followed ? 'Replies come to your inbox. Press to stop that.' : 'Get every reply in your inbox'}
      onPress={() => acts.follow(id, !followed)}
    >
      {followed ? 'Following' : 'Follow'}
    </Button>
  )
}
