import { BellOff, CirclePause, Hash, Info, Lock } from 'lucide'
import { useEffect } from 'preact/hooks'
import { useConsole } from '../../app/console'
import { setLastOpen } from '../../app/last-open'
import { later, rest } from '../../app/later'
import { Main } from '../../app/main-pane'
import { navigate } from '../../app/navigation'
import { askPause, PauseBanner, pausesFor } from '../../app/pausing'
import { href } from '../../app/routes'
import { background } from '../../background'
import { LateComposer } from '../../composer/late-composer'
import { writeIn } from '../../composer/wanted'
import type { Channel } from '../../state'
import { visibleName } from '../../text'
import { Timeline } from '../../timeline/timeline'
import { Button, Empty, Icon, IconButton } from '../../ui'
import { DirectHeading } from '../dm/dm'
import { BacklogBar } from './backlog'
import { DateJump } from './date-jump'
import { Stopped } from './stopped'
import { useEscape } from './use-escape'
import { useConversation } from './use-host'
import { WorkStrip } from './work-strip'

const Details = later(rest((parts) => parts.Details))

interface ChannelPaneProps {
  readonly channel: Channel
  readonly target: string | undefined
  readonly hasDetails: boolean
  /** The thread beside it, by its root. */
  readonly thread: string | undefined
}

/** A channel or a direct conversation: its head, what goes on, its messages, the field. */
export function ChannelPane({ channel, target: asked, hasDetails, thread }: ChannelPaneProps) {
  const app = useConsole()
  const { slug, kind, peer } = channel
  const place = { channel: slug, thread: null }
  const isDirect = kind === 'dm'
  const { host, opening, list, target, onShown, jumpTo } = useConversation({
    ...{ channel, place, target: asked },
    onReply: ({ id }) => {
      writeIn({ channel: slug, thread: id })
      navigate(href('thread', { id }))
    },
  })
  useEffect(() => setLastOpen(slug), [slug])
  useEffect(() => {
    const load = async () => {
      await Promise.all([app.loads.channel(slug), app.loads.members(slug)])
    }
    // After the messages, which one waits for.
    if (opening.isOpen) background(load())
  }, [slug, opening.isOpen])
  const name = isDirect ? visibleName(peer?.display_name || peer?.handle || slug) : slug
  // What has stopped in the thread beside it stands there.
  const blocked = (app.store.blocked.get(slug) ?? []).filter(
    ({ thread_id }) => thread_id === null || thread_id !== thread,
  )
  const toggleDetails = () => navigate(href('channel', { slug }, hasDetails ? {} : { details: '1' }))
  const done = () => {
    if (host.editing.value !== undefined) {
      host.editing.value = undefined
      return
    }
    background(app.reading.mark(place, null))
    list.current?.toNewest()
  }
  useEscape(thread !== undefined ? undefined : hasDetails ? toggleDetails : done)
  return (
    <>
      <Main
        title={isDirect ? name : `#${slug}`}
        class="conversation"
        up={href('home')}
        heading={
          isDirect && peer ? (
            <DirectHeading handle={peer.handle} name={name} kind={peer.kind} />
          ) : (
            <ChannelHeading channel={channel} />
          )
        }
        header={
          <>
            {channel.access.post && peer?.kind !== 'human' && (
              <Button
                look="plain"
                icon={CirclePause}
                class="pause-button"
                onPress={() => askPause({ channel: slug, ...(peer ? { account: peer.handle } : {}) })}
              >
                <span>Pause</span>
              </Button>
            )}
            <DateJump
              class={isDirect ? '' : 'wide-only'}
              find={(time) => opening.timeline.toDate(time)}
              onFound={(id) => background(jumpTo(id))}
            />
            {!isDirect && (
              <IconButton icon={Info} label="Details" aria-pressed={hasDetails} onPress={toggleDetails} />
            )}
          </>
        }
      >
        {!isDirect && <WorkStrip slug={slug} />}
        <PauseBanner
          channel={slug}
          pauses={pausesFor(app, { channel: slug, ...(peer ? { account: peer.handle } : {}) })}
        />
        <BacklogBar opening={opening} place={place} jumpTo={jumpTo} />
        <Timeline
          host={host}
          label={isDirect ? name : slug}
          opening={opening}
          target={target}
          onShown={onShown}
          handle={list}
          head={() => <Beginning channel={channel} name={name} />}
          empty={
            <Empty>{isDirect ? `Write the first message to ${name}.` : 'Nobody has written here yet.'}</Empty>
          }
        />
        <Stopped place={place} blocked={blocked} />
        <LateComposer
          isDue={['ready', 'failed'].includes(opening.timeline.state.value)}
          place={place}
          label={`Message ${isDirect ? (peer?.handle ?? slug) : `#${slug}`}`}
          aliases={host.aliases}
        />
      </Main>
      {hasDetails && <Details channel={channel} onClose={toggleDetails} />}
    </>
  )
}

function ChannelHeading({ channel: { slug, kind, topic, notify } }: { readonly channel: Channel }) {
  const { store } = useConsole()
  const members = store.members.get(slug)
  const people = members?.filter((member) => member.kind === 'human').length ?? 0
  const agents = (members?.length ?? 0) - people
  return (
    <span class="channel-heading">
      <Icon
        of={kind === 'private' ? Lock : Hash}
        size={18}
        label={kind === 'private' ? 'Private channel' : 'Channel'}
      />
      <span class="channel-slug">{slug}</span>
      {notify === 'none' && <Icon of={BellOff} size={14} label="Muted" />}
      {topic && <span class="channel-topic">{topic}</span>}
      {members && (
        <span class="channel-counts">
          {counted(people, 'person', 'people')}, {counted(agents, 'agent', 'agents')}
        </span>
      )}
    </span>
  )
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}

function Beginning({ channel, name }: { readonly channel: Channel; readonly name: string }) {
  const { kind, description, slug } = channel
  return (
    <div class="beginning">
      <h2>{kind === 'dm' ? name : `#${slug}`}</h2>
      <p class="hint">
        {kind === 'dm'
          ? `This is the beginning of your conversation with ${name}.`
          : (description ?? 'This is the beginning of the channel.')}
      </p>
    </div>
  )
}
