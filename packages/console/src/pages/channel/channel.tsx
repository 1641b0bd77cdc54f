/**
 * Channels: the page of a conversation and what belongs to one as a whole. Imports timeline/, composer/ and the threads and
 * names beside it. Start reading here, then channel-pane.tsx and use-host.ts.
 */
import { useSignal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import type { PageProps } from '../../app/app'
import { useConsole, useReady } from '../../app/console'
import { Main } from '../../app/main-pane'
import { background } from '../../background'
import { Empty, ErrorState, Loading } from '../../ui'
import { isWide } from '../../ui/width'
import { ThreadPane } from '../thread/thread'
import { ChannelPane } from './channel-pane'

/** A channel or direct conversation, a thread of it beside it where there is room, or the thread alone. */
export function ConversationPage({ route }: PageProps) {
  switch (route.name) {
    case 'channel':
      return <Conversation slug={route.params.slug} thread={undefined} query={route.query} />
    case 'thread':
      return <ThreadById id={route.params.id} query={route.query} />
    default:
      return null
  }
}

interface ConversationProps {
  readonly slug: string
  readonly thread: string | undefined
  readonly query: URLSearchParams
}

function Conversation({ slug, thread, query }: ConversationProps) {
  const { store } = useConsole()
  const isReady = useReady()
  const channel = store.channels.get(slug)
  if (!channel) {
    if (!isReady.value)
      return (
        <Main title={`#${slug}`}>
          <Loading rows={8} height={56} />
        </Main>
      )
    return (
      <Main title="Not found">
        <Empty>There is no channel #{slug}, or you are not a member of it.</Empty>
      </Main>
    )
  }
  const target = query.get('m') ?? undefined
  const isAlone = thread !== undefined && !isWide.value
  return (
    <>
      {!isAlone && (
        <ChannelPane
          key={slug}
          channel={channel}
          target={thread === undefined ? target : undefined}
          hasDetails={thread === undefined && query.has('details')}
          hasThread={thread !== undefined}
        />
      )}
      {thread !== undefined && (
        <ThreadPane key={thread} channel={channel} id={thread} target={target} isAlone={isAlone} />
      )}
    </>
  )
}

/** The thread of an address, which does not name its channel. */
function ThreadById({ id, query }: { readonly id: string; readonly query: URLSearchParams }) {
  const app = useConsole()
  const slug = app.store.threads.get(id)?.root.channel ?? app.store.messages.get(id)?.channel
  const [attempt, setAttempt] = useState(0)
  const error = useSignal<unknown>(undefined)
  useEffect(() => {
    error.value = undefined
    const load = async () => {
      try {
        await app.loads.thread(id)
      } catch (failure) {
        error.value = failure
      }
    }
    background(load())
  }, [id, attempt])
  if (error.value !== undefined && slug === undefined)
    return (
      <Main title="Thread">
        <ErrorState error={error.value} onRetry={() => setAttempt(attempt + 1)} />
      </Main>
    )
  if (slug === undefined)
    return (
      <Main title="Thread">
        <Loading rows={8} height={56} />
      </Main>
    )
  return <Conversation slug={slug} thread={id} query={query} />
}
