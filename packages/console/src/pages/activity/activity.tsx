/**
 * What the agents do, and what they need (`/activity`): the report of the server, kept up to date by events.
 * Imports app/, state/, text/ and ui/.
 * Start reading here, then load.ts and groups.ts.
 */
import { CirclePause } from 'lucide'
import type { PageProps } from '../../app/app'
import { useConsole } from '../../app/console'
import { Main } from '../../app/main-pane'
import { navigate } from '../../app/navigation'
import { now } from '../../app/now'
import { askPause, isOfEverything, PauseBanner, pausesFor } from '../../app/pausing'
import { href } from '../../app/routes'
import type { Activity } from '../../state'
import { isDirect } from '../../text'
import { Button } from '../../ui/button'
import { Empty, ErrorState, Loading } from '../../ui/states'
import { useRows } from '../../ui/use-rows'
import { AgentRow, placeOf } from './agent-row'
import { Bars, total } from './bars'
import { GROUPS, inGroup } from './groups'
import { useActivity, type Window } from './load'

const WINDOWS: readonly { readonly id: Window; readonly label: string }[] = [
  { id: '1h', label: '1 h' },
  { id: '24h', label: '24 h' },
  { id: '7d', label: '7 d' },
]

/** What the agents do: those first that need a person. */
export function ActivityPage({ route }: PageProps) {
  const app = useConsole()
  const asked = route.query.get('window')
  const span = WINDOWS.find(({ id }) => id === asked)?.id ?? '24h'
  const { shown, error, changes, hold, update, retry } = useActivity(span)
  const pauses = pausesFor(app, {}).filter(isOfEverything)
  return (
    <Main
      title="Activity"
      class="activity"
      header={
        <>
          {changes > 0 && (
            <Button small onPress={update}>
              {changes} changed
            </Button>
          )}
          {app.store.me.value?.is_admin && pauses.length === 0 && (
            <Button small icon={CirclePause} onPress={() => askPause({})}>
              Pause everywhere
            </Button>
          )}
        </>
      }
    >
      <PauseBanner pauses={pauses} />
      <div class="filters">
        <nav class="windows" aria-label="Window of time">
          {WINDOWS.map(({ id, label }) => (
            <a
              key={id}
              href={href('activity', {}, { window: id === '24h' ? undefined : id })}
              aria-current={id === span ? 'true' : undefined}
            >
              {label}
            </a>
          ))}
        </nav>
        {shown && <p class="counts">{countsOf(shown)}</p>}
      </div>
      {shown ? (
        <Report report={shown} hold={hold} />
      ) : error === undefined ? (
        <Loading rows={6} height={72} />
      ) : (
        <ErrorState error={error} onRetry={retry} />
      )}
    </Main>
  )
}

interface ReportProps {
  readonly report: Activity
  readonly hold: (isHeld: boolean) => void
}

function Report({ report, hold }: ReportProps) {
  const time = now()
  const groups = GROUPS.map((group) => ({ ...group, agents: inGroup(report.agents, group.name, time) }))
  const rows = useRows(
    groups.flatMap(({ agents }) => agents.map(({ account }) => account.handle)),
    {
      keys: {
        Enter: (handle) => {
          const last = report.agents.find(({ account }) => account.handle === handle)?.last_message
          if (last) navigate(placeOf(last))
        },
      },
    },
  )
  if (report.agents.length === 0) return <Empty>No agent shares a channel with you.</Empty>
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the rows inside take the keys
    <div
      class="report"
      ref={rows.list.ref}
      onKeyDown={rows.list.onKeyDown}
      onPointerEnter={() => hold(true)}
      onPointerLeave={({ currentTarget }) => hold(currentTarget.contains(document.activeElement))}
      onFocusIn={() => hold(true)}
      onFocusOut={(event) => {
        rows.list.onFocusOut(event)
        const { currentTarget, relatedTarget } = event
        const isInside = relatedTarget instanceof Node && currentTarget.contains(relatedTarget)
        hold(isInside || currentTarget.matches(':hover'))
      }}
    >
      {groups.map(
        ({ name, title, agents }) =>
          agents.length > 0 && (
            <section key={name} class={`group ${name}`}>
              <h2>{title}</h2>
              <ul>
                {agents.map((agent) => (
                  <AgentRow key={agent.account.handle} agent={agent} row={rows.row(agent.account.handle)} />
                ))}
              </ul>
            </section>
          ),
      )}
      {report.truncated && (
        <p class="quiet truncated">Only the first {report.agents.length} agents are shown.</p>
      )}
      <Channels report={report} />
    </div>
  )
}

function Channels({ report: { channels } }: { readonly report: Activity }) {
  const named = channels.filter(({ slug }) => !isDirect(slug))
  if (named.length === 0) return null
  return (
    <section class="group channels">
      <h2>Channels</h2>
      <ul>
        {named.map(({ slug, human_posts: people, agent_posts: agents, guard }) => (
          <li key={slug} class="channel-row">
            <a href={href('channel', { slug })}>#{slug}</a>
            <span class="posted">
              <Bars values={people} tone="people" />
              <span>people {total(people)}</span>
            </span>
            <span class="posted">
              <Bars values={agents} tone="agents" />
              <span>agents {total(agents)}</span>
            </span>
            <span class="guard">{guard.limit > 0 && `${guard.used} of ${guard.limit} since a person`}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function countsOf({ agents }: Activity): string {
  const time = Date.now()
  const counts = { working: 0, waiting: 0, blocked: 0, idle: 0 }
  for (const { presence } of agents) {
    const isPast = presence.expires_at !== null && Date.parse(presence.expires_at) <= time
    const { state } = presence
    if (!isPast && (state === 'working' || state === 'waiting' || state === 'blocked')) counts[state]++
    else counts.idle++
  }
  return Object.entries(counts)
    .flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []))
    .join('  ·  ')
}
