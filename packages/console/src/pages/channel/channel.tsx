/**
 * Channels: the page of a conversation and what belongs to one as a whole. Imports timeline/, composer/ and the threads and
 * names beside it. Start reading here, then channel-pane.tsx and use-host.ts.
 */
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
  const thread = route.name === 'thread' ? route.params.id : undefined
  const found = useThread(thread)
  const slug = route.name === 'channel' ? route.params.slug : found.slug
  if (slug !== undefined) return <Conversation slug={slug} thread={thread} query={route.query} />
  return (
    <Main title="Thread">
      {found.error === undefined ? (
        <Loading rows={8} height={56} />
      ) : (
        <ErrorState error={found.error} onRetry={found.retry} />
      )}
    </Main>
  )
}

interface FoundThread {
  readonly slug: string | undefined
  readonly error: unknown
  readonly retry: () => void
}

/** The channel of a thread, which its address does not name. */
function useThread(id: string | undefined): FoundThread {
  const app = useConsole()
  const { threads, messages } = app.store
  const [error, setError] = useState<unknown>()
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    setError(undefined)
    if (id === undefined) return
    const load = async () => {
      try {
        await app.loads.thread(id)
      } catch (failure) {
        setError(failure)
      }
    }
    background(load())
  }, [id, attempt])
  const slug = id === undefined ? undefined : (threads.get(id)?.root.channel ?? messages.get(id)?.channel)
  return { slug, error, retry: () => setAttempt(attempt + 1) }
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
          thread={thread}
        />
      )}
      {thread !== undefined && (
        <ThreadPane key={thread} channel={channel} id={thread} target={target} isAlone={isAlone} />
      )}
    </>
  )
}
