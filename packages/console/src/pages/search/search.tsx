/**
 * Search (`/search?q=…&sort=…`): words and filters in one field, results with what was found marked.
 * Imports app/, state/, text/ and ui/.
 * Start reading here, then query.ts, which reads and completes what is typed.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { PageProps } from '../../app/app'
import { useConsole, useReady } from '../../app/console'
import { Main } from '../../app/main-pane'
import { navigate, usePlace } from '../../app/navigation'
import { href } from '../../app/routes'
import { background } from '../../background'
import type { SearchPage as Answer, Console } from '../../state'
import { channelWords, Highlighted, visibleName } from '../../text'
import { Avatar } from '../../ui/avatar'
import { Button } from '../../ui/button'
import { Empty, ErrorState, Loading } from '../../ui/states'
import { Time } from '../../ui/time'
import { useRows } from '../../ui/use-rows'
import { type Misfit, parseQuery } from './query'
import { SearchField } from './search-field'

type Result = Answer['results'][number]
type Sort = 'new' | 'best'

/** What was found so far. */
interface Found {
  /** The text and the order that it was found for. */
  readonly text: string
  readonly sort: Sort
  readonly results: readonly Result[]
  readonly next: string | null
}

/** What coming back shows again. */
interface Place {
  readonly found: Found | undefined
  readonly scroll: number
  readonly row: string | undefined
}

/** Finds messages. Enter opens one in its conversation; going back returns to the row that was left. */
export function SearchPage({ route }: PageProps) {
  const text = route.query.get('q') ?? ''
  const sort: Sort = route.query.get('sort') === 'best' ? 'best' : 'new'
  const to = (words: string, by: Sort) =>
    href('search', {}, { q: words === '' ? undefined : words, sort: by === 'best' ? by : undefined })
  return (
    <Main title="Search" class="search">
      <SearchField text={text} onSearch={(words) => navigate(to(words, sort))} />
      {text === '' ? <Help /> : <Results key={`${sort} ${text}`} text={text} sort={sort} to={to} />}
    </Main>
  )
}

interface ResultsProps {
  readonly text: string
  readonly sort: Sort
  readonly to: (text: string, sort: Sort) => string
}

function Results({ text, sort, to }: ResultsProps) {
  const app = useConsole()
  // Names of conversations are in the text.
  const isReady = useReady().value
  const { query, misfits } = parseQuery(text, { slugOf: (name) => slugOf(app, name), now: Date.now() })
  const list = useRef<HTMLOListElement>(null)
  const active = useRef<string | undefined>(undefined)
  const latest = useRef<Found | undefined>(undefined)
  const place = usePlace<Place>('search', () => ({
    found: latest.current,
    scroll: list.current?.closest('main')?.scrollTop ?? 0,
    row: active.current,
  }))
  const before = place?.found?.text === text && place.found.sort === sort ? place : undefined
  const [found, setFound] = useState(before?.found)
  const [error, setError] = useState<unknown>()
  latest.current = found
  const canAsk = isReady && query.q !== '' && misfits.length === 0
  const load = async () => {
    try {
      const page = await app.acts.search({ ...query, sort, ...(found?.next ? { cursor: found.next } : {}) })
      setFound({ text, sort, results: [...(found?.results ?? []), ...page.results], next: page.next_cursor })
      setError(undefined)
    } catch (failure) {
      setError(failure)
    }
  }
  useEffect(() => {
    if (canAsk && !found) background(load())
  }, [canAsk])
  useLayoutEffect(() => {
    if (!before) return
    list.current?.closest('main')?.scrollTo({ top: before.scroll })
    list.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus({ preventScroll: true })
  }, [])
  return (
    <>
      <div class="filters">
        <nav class="windows" aria-label="Order">
          <a href={to(text, 'new')} aria-current={sort === 'new' ? 'true' : undefined}>
            New
          </a>
          <a href={to(text, 'best')} aria-current={sort === 'best' ? 'true' : undefined}>
            Best
          </a>
        </nav>
        <p class="counts" role="status">
          {found && countOf(found)}
        </p>
      </div>
      {error !== undefined ? (
        <ErrorState error={error} onRetry={load} />
      ) : misfits.length > 0 && isReady ? (
        <Misfits misfits={misfits} />
      ) : query.q === '' ? (
        <Empty>Add a word to search for: filters only narrow what is found.</Empty>
      ) : !found ? (
        <Loading rows={6} height={64} />
      ) : found.results.length === 0 ? (
        <Empty>Nothing was found. Fewer words or filters find more; `word*` finds beginnings.</Empty>
      ) : (
        <Rows
          list={list}
          results={found.results}
          first={before?.row}
          onActive={(row) => (active.current = row)}
        />
      )}
      {found?.next && (
        <p class="more">
          <Button small onPress={load}>
            Show more
          </Button>
        </p>
      )}
    </>
  )
}

interface RowsProps {
  readonly list: { current: HTMLOListElement | null }
  readonly results: readonly Result[]
  readonly first: string | undefined
  readonly onActive: (row: string | undefined) => void
}

function Rows({ list, results, first, onActive }: RowsProps) {
  const rows = useRows(
    results.map(({ message }) => message.id),
    { first },
  )
  onActive(rows.active)
  return (
    <ol
      class="results"
      aria-label="Results"
      onKeyDown={rows.list.onKeyDown}
      onFocusOut={rows.list.onFocusOut}
      ref={(element) => {
        list.current = element
        rows.list.ref(element)
      }}
    >
      {results.map(({ message, snippet, highlights }) => {
        const { id, channel, thread_id: thread, sender_handle: handle, sender_kind: kind } = message
        const name = visibleName(message.sender_display_name || handle)
        return (
          <li key={id}>
            <a
              {...rows.row(id)}
              href={
                thread === null
                  ? href('channel', { slug: channel }, { m: id })
                  : href('thread', { id: thread }, { m: id })
              }
            >
              <Avatar handle={handle} name={name} kind={kind} />
              <span class="head">
                <b>{name}</b>
                {kind !== 'human' && <span class="kind">agent</span>}
                <span class="where">
                  {channelWords(channel)}
                  {thread !== null && ', thread'}
                </span>
                <Time at={message.created_at} show="both" />
              </span>
              <span class="snippet">
                <Highlighted
                  text={snippet}
                  ranges={highlights.map(([start = 0, length = 0]) => [start, length])}
                />
              </span>
            </a>
          </li>
        )
      })}
    </ol>
  )
}

function Misfits({ misfits }: { readonly misfits: readonly Misfit[] }) {
  return (
    <div class="empty" role="alert">
      {misfits.map(({ filter, reason }) => (
        <p key={filter}>
          <code>{filter}</code>: {reason}.
        </p>
      ))}
    </div>
  )
}

const EXAMPLES: readonly (readonly [string, string])[] = [
  ['release notes', 'messages with both words'],
  ['"release notes"', 'the two words together'],
  ['deploy -staging', 'one word without the other'],
  ['deploy*', 'deploy, deploys, deployed'],
  ['pings in:general', 'only in a channel, or with in:@bo in a direct conversation'],
  ['pings from:scout', 'only what scout wrote'],
  ['pings after:yesterday', 'since a day; before: is until one'],
  ['deploy kind:approval', 'only questions'],
]

function Help() {
  return (
    <div class="search-help">
      <h2>What one can search for</h2>
      <dl>
        {EXAMPLES.map(([example, meaning]) => (
          <div key={example}>
            <dt>
              <code>{example}</code>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

function countOf({ results, next }: Found): string {
  if (next !== null) return `the first ${results.length} results`
  return `${results.length} ${results.length === 1 ? 'result' : 'results'}`
}

function slugOf({ store }: Console, name: string): string | undefined {
  const wanted = name.replace(/^#/, '').toLowerCase()
  return store.mine.peek().find(({ slug, peer }) => (peer ? `@${peer.handle}` === wanted : slug === wanted))
    ?.slug
}
