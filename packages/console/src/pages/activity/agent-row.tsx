import { CirclePause, Play, Reply } from 'lucide'
import { useConsole } from '../../app/console'
import { Named, Presence } from '../../app/name-card'
import { navigate } from '../../app/navigation'
import { now } from '../../app/now'
import { askPause, isOfEverything, mayResume, PauseBanner, pausesFor, placesToPause } from '../../app/pausing'
import { href } from '../../app/routes'
import { isHeld } from '../../state'
import { channelWords, plainSnippet, visibleText } from '../../text'
import { Avatar } from '../../ui/avatar'
import { Button } from '../../ui/button'
import { Chip } from '../../ui/chip'
import { ageOf } from '../../ui/clock'
import { Countdown } from '../../ui/countdown'
import { Time } from '../../ui/time'
import type { Rows } from '../../ui/use-rows'
import { Bars, total } from './bars'
import { type Agent, limitWords, needWords, usageWords } from './groups'

interface AgentRowProps {
  readonly agent: Agent
  readonly row: ReturnType<Rows['row']>
}

/** What an agent does, what it needs, what waits for it, and what one can do about it. */
export function AgentRow({ agent, row }: AgentRowProps) {
  const app = useConsole()
  const { account, presence, inbox, claims, posts, last_message: last } = agent
  const { handle } = account
  const { tabIndex } = row
  const live = app.store.presence.get(handle) ?? presence
  const words = agent.needs.map((need) => needWords(agent, need))
  // That it is blocked is what its state says.
  const reasons = agent.needs.filter((need) => need !== 'blocked')
  const facts = [
    ...(inbox.pending > 0 ? [queueWords(inbox, now())] : []),
    ...limitWords(agent),
    ...[usageWords(agent) ?? []].flat(),
  ]
  const held = claims
    .map((claim) => app.store.claims.get(claim.id) ?? claim)
    .filter((claim) => isHeld(claim, now()))
  return (
    <li
      {...row}
      class="agent-row"
      aria-label={`${account.display_name || handle}, agent${words.length > 0 ? `: ${words.join(', ')}` : ''}`}
    >
      <Avatar handle={handle} kind="agent" />
      <div class="about">
        <p class="head">
          <Named account={account} tabIndex={tabIndex} />
          <Presence handle={handle} />
          {live.note && <q>{visibleText(live.note)}</q>}
        </p>
        {reasons.length > 0 && (
          <p class="needs">
            {reasons.map((need) => (
              <Chip key={need} tone={need === 'approval' || need === 'stopped' ? 'wait' : 'bad'}>
                {needWords(agent, need)}
              </Chip>
            ))}
          </p>
        )}
        <PauseBanner pauses={pausesFor(app, { account: handle }).filter((pause) => !isOfEverything(pause))} />
        {(facts.length > 0 || held.length > 0) && (
          <p class="facts">
            {held.map((claim) => (
              <Chip key={claim.id} tone="agent" title={claim.resource}>
                {claim.resource.split(/[/:]/).at(-1)} <Countdown until={claim.expires_at} />
              </Chip>
            ))}
            {facts.map((fact) => (
              <span key={fact}>{fact}</span>
            ))}
          </p>
        )}
        {last && (
          <p class="last">
            <a href={placeOf(last)} tabIndex={tabIndex}>
              {channelWords(last.channel)} <Time at={last.at} show={isToday(last.at) ? 'clock' : 'both'} />
            </a>
            <span>{plainSnippet(last.snippet)}</span>
          </p>
        )}
      </div>
      <div class="posted">
        <Bars values={posts} tone="agents" />
        <span>
          {total(posts)} {total(posts) === 1 ? 'message' : 'messages'}
        </span>
      </div>
      <div class="do">
        {agent.needs.includes('approval') && (
          <Button small tabIndex={tabIndex} onPress={() => navigate(href('approvals'))}>
            Decide
          </Button>
        )}
        {stopsOf(agent).map(({ channel, thread }) => (
          <Button
            small
            key={thread ?? channel}
            tabIndex={tabIndex}
            onPress={() => app.acts.letContinue({ channel, thread })}
          >
            Continue
          </Button>
        ))}
        <Button small icon={Reply} tabIndex={tabIndex} onPress={() => open(agent)}>
          Reply
        </Button>
        <PauseButton handle={handle} tabIndex={tabIndex} />
      </div>
    </li>
  )

  async function open({ last_message }: Agent): Promise<void> {
    navigate(
      last_message ? placeOf(last_message) : href('channel', { slug: await app.acts.openDirect(handle) }),
    )
  }
}

function PauseButton({ handle, tabIndex }: { readonly handle: string; readonly tabIndex: 0 | -1 }) {
  const app = useConsole()
  const own = pausesFor(app, { account: handle }).find(({ account }) => account?.handle === handle)
  if (own && mayResume(app, own))
    return (
      <Button small icon={Play} tabIndex={tabIndex} onPress={() => app.acts.resume(own.id)}>
        Resume
      </Button>
    )
  if (placesToPause(app).length === 0) return null
  return (
    <Button small icon={CirclePause} tabIndex={tabIndex} onPress={() => askPause({ account: handle })}>
      Pause
    </Button>
  )
}

/** The address of a message in its conversation. */
export function placeOf({ id, channel, thread_id: thread }: NonNullable<Agent['last_message']>): string {
  return thread === null
    ? href('channel', { slug: channel }, { m: id })
    : href('thread', { id: thread }, { m: id })
}

/** The places where limits stop an agent, the newest one: the others are in their threads. */
function stopsOf({ blocked }: Agent): { channel: string; thread: string | null }[] {
  const newest = blocked.toSorted((one, other) => other.at.localeCompare(one.at)).slice(0, 1)
  return newest.map(({ channel, thread_id }) => ({ channel, thread: thread_id }))
}

function queueWords({ pending, oldest_at: oldest }: Agent['inbox'], time: number): string {
  const count = pending >= 1000 ? '1,000+' : String(pending)
  return oldest === null ? `queue ${count}` : `queue ${count}, oldest ${ageOf(time - Date.parse(oldest))}`
}

function isToday(time: string): boolean {
  return new Date(time).toDateString() === new Date().toDateString()
}
