import { useEffect, useState } from 'preact/hooks'
import { href } from '../../app/routes'
import { background } from '../../background'
import { plainSnippet, visibleName } from '../../text'
import { Button, ErrorState, Time } from '../../ui'
import { type ThreadPage, threadsOf } from './load'

/** The threads of a channel, those with the newest reply first. */
export function ThreadList({ slug }: { readonly slug: string }) {
  const [threads, setThreads] = useState<ThreadPage['threads']>([])
  const [next, setNext] = useState<string | null>()
  const [error, setError] = useState<unknown>()
  const load = async (cursor?: string) => {
    try {
      const page = await threadsOf(slug, cursor)
      setThreads((known) => [...(cursor === undefined ? [] : known), ...page.threads])
      setNext(page.next_cursor)
      setError(undefined)
    } catch (failure) {
      setError(failure)
    }
  }
  useEffect(() => background(load()), [slug])
  return (
    <section aria-labelledby="details-threads">
      <h3 id="details-threads">Threads</h3>
      {error !== undefined && <ErrorState error={error} onRetry={() => load()} />}
      {next !== undefined && threads.length === 0 && <p class="hint">Nobody has replied to a message yet.</p>}
      <ul class="thread-list">
        {threads.map(({ id, root, reply_count, last_reply_at }) => (
          <li key={id}>
            <a href={href('thread', { id })}>
              <span class="thread-title">
                {visibleName(root.sender_display_name || root.sender_handle)}:{' '}
                {root.deleted ? 'deleted message' : plainSnippet(root.body, 90)}
              </span>
              <span class="hint">
                {reply_count === 1 ? '1 reply' : `${reply_count} replies`}
                {last_reply_at !== null && (
                  <>
                    , last <Time at={last_reply_at} show="both" />
                  </>
                )}
              </span>
            </a>
          </li>
        ))}
      </ul>
      {next && (
        <Button small onPress={() => load(next)}>
          Show more
        </Button>
      )}
    </section>
  )
}
