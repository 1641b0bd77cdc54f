/**
 * What waits for the person: the inbox (`/inbox`) and the questions (`/approvals`), as rows of one kind.
 * Imports app/, state/, text/ and ui/.
 * Start reading here, then filters.ts and entry.tsx; approvals.tsx is the other page.
 */
import type { InboxItem } from '@synapse/client'
import { Bell, CheckCheck } from 'lucide'
import { useEffect, useState } from 'preact/hooks'
import type { PageProps } from '../../app/app'
import { useConsole } from '../../app/console'
import { Main } from '../../app/main-pane'
import { alerts, askForAlerts } from '../../app/notifications'
import { href } from '../../app/routes'
import { background } from '../../background'
import { type Console, isOpen } from '../../state'
import { plainSnippet } from '../../text'
import { Button, IconButton } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { ErrorState, Loading } from '../../ui/states'
import { DayList } from './day-list'
import type { EntryFacts } from './entry'
import { dated, type Filter, filterOf, filters, isUrgent, passes, reasonOf } from './filters'
import { Nothing } from './nothing'
import { Overdue } from './overdue'

/** What was read of the inbox for one filter. */
interface Read {
  readonly filter: Filter
  /** The oldest item that was read; older ones are known only by chance. */
  readonly oldest: { readonly seq: number; readonly cursor: string } | undefined
  readonly hasMore: boolean
}

/** Everything that notified me, the newest first. Opening it marks what it shows as seen, and nothing as done. */
export function InboxPage({ route }: PageProps) {
  const app = useConsole()
  const { store } = app
  const filter = filterOf(route.query.get('filter'))
  const { read, error, more, retry } = useInbox(app, filter)
  const [isAsking, setAsking] = useState(false)
  const from = read?.hasMore ? (read.oldest?.seq ?? 0) : 0
  const all = store.inbox.value
  const items = dated(all.filter((item) => item.seq >= from && passes(filter, item)))
  const seen = new Set<string>()
  const entries = items.flatMap(({ item, at }) => {
    // A message that notified twice stands once, by its newest item.
    if (seen.has(item.message.id)) return []
    seen.add(item.message.id)
    return [entryOf(item, at)]
  })
  const needing = all.filter((item) => passes(filterOf(null), item)).length
  const newest = all[0]
  return (
    <Main
      title="Inbox"
      class="inbox"
      header={
        <>
          {alerts.value === 'ask' && (
            <IconButton icon={Bell} label="Turn on notifications" onPress={askForAlerts} />
          )}
          {newest !== undefined && store.pending.value > 0 && (
            <Button small icon={CheckCheck} onPress={() => setAsking(true)}>
              All done…
            </Button>
          )}
        </>
      }
    >
      <nav class="filters" aria-label="Filters">
        {filters.map(({ id, label }) => (
          <a
            key={id}
            href={href('inbox', {}, { filter: id === filterOf(null).id ? undefined : id })}
            aria-current={id === filter.id ? 'true' : undefined}
          >
            {label}
            {id === filterOf(null).id && needing > 0 && <span class="number">{needing}</span>}
          </a>
        ))}
      </nav>
      {error !== undefined ? (
        <ErrorState error={error} onRetry={retry} />
      ) : read === undefined && entries.length === 0 ? (
        <Loading rows={6} height={52} />
      ) : entries.length === 0 ? (
        <Nothing>
          {filter.isOpenOnly ? 'Nothing waits for you.' : 'Nothing of this kind has reached you.'}
        </Nothing>
      ) : (
        <DayList
          label="Items"
          entries={entries}
          doneWith={({ id, isDone, approval }) =>
            isDone || approval?.state === 'pending' ? undefined : () => app.acts.acknowledge([id])
          }
        />
      )}
      {read?.hasMore && (
        <p class="more">
          <Button small onPress={more}>
            Show older
          </Button>
        </p>
      )}
      {isAsking && newest && (
        <AllDone
          count={store.pending.value}
          onDone={() => app.acts.acknowledgeUpTo(newest.cursor)}
          onClose={() => setAsking(false)}
        />
      )}
    </Main>
  )
}

function entryOf(item: InboxItem, at: string): EntryFacts {
  const { message, reason } = item
  const { id, channel, thread_id: thread, sender_handle: handle, sender_kind: kind, approval } = message
  return {
    ...{ id, channel, thread, at, approval },
    sender: { handle, kind, display_name: message.sender_display_name },
    reason: reasonOf(item),
    isUrgent: isUrgent(item),
    isDone: !isOpen(item),
    text: reason === 'overdue' ? <Overdue message={message} /> : textOf(message),
  }
}

function textOf({ body, attachments = [], deleted }: InboxItem['message']): string {
  if (deleted) return 'This message was deleted.'
  return plainSnippet(body, 200) || attachments.map(({ filename }) => filename).join(', ')
}

interface AllDoneProps {
  readonly count: number
  readonly onDone: () => Promise<unknown>
  readonly onClose: () => void
}

function AllDone({ count, onDone, onClose }: AllDoneProps) {
  const number = count >= 1000 ? '1,000 or more' : count.toLocaleString('en')
  return (
    <Dialog
      title={`Acknowledge ${number} ${count === 1 ? 'item' : 'items'}?`}
      onClose={onClose}
      acts={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            look="primary"
            onPress={async () => {
              await onDone()
              onClose()
            }}
          >
            Acknowledge
          </Button>
        </>
      }
    >
      <p>
        All that waits is done, also what the filter hides. Those who wrote to you see that you have
        acknowledged it. Questions stay open until somebody decides them.
      </p>
    </Dialog>
  )
}

function useInbox({ acts }: Console, filter: Filter) {
  const [read, setRead] = useState<Read>()
  const [error, setError] = useState<unknown>()
  const load = async (before?: string) => {
    try {
      const page = await acts.inbox({
        ...(before === undefined ? {} : { before }),
        ...(filter.reasons ? { reason: filter.reasons.join(',') } : {}),
        ...(filter.isOpenOnly ? { unacked: true } : {}),
      })
      setRead({ filter, oldest: page.items.at(-1), hasMore: page.has_more })
      setError(undefined)
    } catch (failure) {
      setError(failure)
    }
  }
  useEffect(() => {
    background(load())
  }, [filter])
  return {
    read: read?.filter === filter ? read : undefined,
    error,
    more: () => load(read?.oldest?.cursor),
    retry: () => load(),
  }
}
