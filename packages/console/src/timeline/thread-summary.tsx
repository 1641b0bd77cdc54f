import type { Message } from '@synapse/client'
import { useEffect } from 'preact/hooks'
import { href } from '../app/routes'
import { isUnseen, SYSTEM_HANDLE } from '../state'
import { plainSnippet } from '../text'
import { Avatar, Time } from '../ui'
import { nameOf, useHost } from './host'

/** Under the root of a thread: who takes part, how many replies, and the last of them in one line. */
export function ThreadSummary({ root }: { readonly root: Message }) {
  const { app } = useHost()
  const { store } = app
  const { reply_count: count, last_reply_at: at } = root
  useEffect(() => app.threads.want(root), [root.id, count])
  const { participants, lastReply } = store.summaries.get(root.id) ?? { participants: null, lastReply: null }
  const isNew = store.items.all.value.some((item) => item.message.thread_id === root.id && isUnseen(item))
  // The decision stands in the card already.
  if (root.approval && count === 1 && lastReply?.handle === SYSTEM_HANDLE) return null
  return (
    <a
      class={isNew ? 'thread-summary unseen-items' : 'thread-summary'}
      href={href('thread', { id: root.id })}
    >
      <span class="thread-people">
        {(participants ?? []).slice(0, 4).map((handle) => {
          const account = app.store.accounts.get(handle)
          return (
            <Avatar
              key={handle}
              handle={handle}
              name={account?.display_name ?? null}
              kind={account?.kind ?? 'agent'}
              size={20}
            />
          )
        })}
      </span>
      <b class="thread-count">{count === 1 ? '1 reply' : `${count} replies`}</b>
      {lastReply && (
        <span class="thread-last">
          {nameOf(app, lastReply.handle)}: {plainSnippet(lastReply.text, 120)}
        </span>
      )}
      {at !== null && <Time at={at} />}
      {isNew && <span class="thread-dot" role="img" aria-label="Something for you is new" />}
    </a>
  )
}
