import type { AnswerTo, Approval } from '@synapse/client'
import { useEffect, useState } from 'preact/hooks'
import type { PageProps } from '../../app/app'
import { useConsole } from '../../app/console'
import { Main } from '../../app/main-pane'
import { href } from '../../app/routes'
import { synapse } from '../../app/session'
import { background } from '../../background'
import type { Store } from '../../state'
import { Button } from '../../ui/button'
import { ErrorState, Loading } from '../../ui/states'
import { DayList } from './day-list'
import type { EntryFacts } from './entry'
import { Nothing } from './nothing'

type Page = AnswerTo<'GET /v1/approvals'>

/** Questions: those that wait for my decision, or all that I can see with what was decided. */
export function ApprovalsPage({ route }: PageProps) {
  const { store } = useConsole()
  const isAll = route.query.get('filter') === 'all'
  const waiting = store.decidable.value
  return (
    <Main title="Approvals" class="inbox">
      <nav class="filters" aria-label="Filters">
        <a href={href('approvals')} aria-current={isAll ? undefined : 'true'}>
          Waiting{waiting.length > 0 && <span class="number">{waiting.length}</span>}
        </a>
        <a href={href('approvals', {}, { filter: 'all' })} aria-current={isAll ? 'true' : undefined}>
          All
        </a>
      </nav>
      {isAll ? <All /> : <List approvals={waiting} otherwise="Nobody waits for your decision." />}
    </Main>
  )
}

function List({
  approvals,
  otherwise,
}: {
  readonly approvals: readonly Approval[]
  readonly otherwise: string
}) {
  const { store } = useConsole()
  if (approvals.length === 0) return <Nothing>{otherwise}</Nothing>
  return (
    <DayList
      label="Questions"
      entries={approvals.map((approval) => entryOf(store, approval))}
      doneWith={() => undefined}
    />
  )
}

function entryOf(store: Store, approval: Approval): EntryFacts {
  const { message_id: id, channel, thread_id: thread, requested_by: handle, created_at: at, state } = approval
  const sender = store.accounts.get(handle) ?? { handle, kind: 'agent', display_name: handle }
  const isUrgent = store.mayDecide(approval)
  return {
    ...{ id, channel, thread, at, approval, sender, isUrgent },
    reason: state === 'pending' ? 'approval' : state,
    isDone: false,
    text: null,
  }
}

function All() {
  const { store } = useConsole()
  const [read, setRead] = useState<Page>()
  const [error, setError] = useState<unknown>()
  const load = async () => {
    try {
      const cursor = read?.next_cursor
      const page = await synapse.request('GET /v1/approvals', {
        query: { limit: 50, ...(cursor ? { cursor } : {}) },
      })
      setRead({ ...page, approvals: [...(read?.approvals ?? []), ...page.approvals] })
      setError(undefined)
    } catch (failure) {
      setError(failure)
    }
  }
  useEffect(() => {
    background(load())
  }, [])
  if (error !== undefined) return <ErrorState error={error} onRetry={load} />
  if (read === undefined) return <Loading rows={6} height={72} />
  const ids = new Set(read.approvals.map(({ id }) => id))
  const newer = store.approvals.all.value.filter(({ id }) => !ids.has(id))
  const all = [...newer, ...read.approvals]
    .map((approval) => store.approvals.get(approval.id) ?? approval)
    .sort((one, other) => other.created_at.localeCompare(one.created_at))
  return (
    <>
      <List approvals={all} otherwise="No question was asked yet." />
      {read.next_cursor !== null && (
        <p class="more">
          <Button small onPress={load}>
            Show older
          </Button>
        </p>
      )}
    </>
  )
}
