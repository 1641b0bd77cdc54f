import { signal } from '@preact/signals'
import type { Claim, Pause } from '@synapse/client'
import { CirclePause, Play } from 'lucide'
import { type Channel, type Console, isHeld } from '../state'
import { isDirect, visibleText } from '../text'
import { Button } from '../ui/button'
import { Icon } from '../ui/icon'
import { Time } from '../ui/time'
import { useConsole } from './console'
import { later, rest } from './later'

const PauseDialog = later(
  rest((parts) => parts.PauseDialog),
  null,
)

/** Whom a pause is for: one agent by its handle or all of them, in a channel or everywhere. */
export interface PauseScope {
  readonly account?: string
  readonly channel?: string
}

const asked = signal<PauseScope | undefined>(undefined)

/** Opens the dialog that pauses agents. Offer it where `placesToPause` has one. */
export function askPause(scope: PauseScope): void {
  // A card or a menu closes first, so that the focus returns to what opened it.
  for (const open of document.querySelectorAll<HTMLElement>(':popover-open')) open.hidePopover()
  asked.value = scope
}

/** Where I may pause agents, by slug, that channel first; null is everywhere, for system admins. */
export function placesToPause({ store }: Console, first?: string): (string | null)[] {
  const slugs = store.mine.value
    .filter((channel) => canPost(channel) && (channel.kind !== 'dm' || channel.slug === first))
    .map(({ slug }) => slug)
  const everywhere = store.me.value?.is_admin ? [null] : []
  if (first === undefined || !slugs.includes(first)) return [...everywhere, ...slugs]
  return [first, ...everywhere, ...slugs.filter((slug) => slug !== first)]
}

/** Where the dialog appears. The shell has one. */
export function PauseHost() {
  const console = useConsole()
  const { store, acts } = console
  const scope = asked.value
  if (scope === undefined) return null
  const { account, channel } = scope
  const places = placesToPause(console, channel)
  if (places.length === 0) return null
  const now = Date.now()
  const claims = store.claims.all.value.filter(
    (claim) =>
      claim.holder_kind === 'agent' && isHeld(claim, now) && (account ?? claim.holder) === claim.holder,
  )
  return (
    <PauseDialog
      agent={account === undefined ? undefined : nameOf(console, account)}
      places={places.map((slug) => ({
        slug,
        label: slug === null ? 'everywhere' : placeWords(slug),
      }))}
      claims={claims}
      canRelease={(claim) => mayRelease(console, claim)}
      onRelease={(claim) => acts.releaseClaim(claim)}
      onPause={({ minutes, channel: slug, note }) =>
        acts.pause({
          ...(account === undefined ? {} : { account }),
          ...(slug === null ? {} : { channel: slug }),
          ...(minutes === null ? {} : { minutes }),
          ...(note === '' ? {} : { note }),
        })
      }
      onClose={() => {
        asked.value = undefined
      }}
    />
  )
}

/**
 * The pauses that hold now for an agent, or for a channel and those agents of it that are known. Without a scope: all that I
 * can see.
 */
export function pausesFor({ store }: Console, { account, channel }: PauseScope): Pause[] {
  const now = Date.now()
  const members = channel === undefined ? undefined : store.members.get(channel)
  return store.pauses.all.value.filter((pause) => {
    if (pause.until !== null && Date.parse(pause.until) <= now) return false
    if (pause.channel !== null && channel !== undefined && pause.channel !== channel) return false
    const handle = pause.account?.handle
    if (handle === undefined || handle === account) return true
    if (account !== undefined) return false
    if (channel === undefined || pause.channel !== null) return true
    return members?.some((member) => member.handle === handle) ?? false
  })
}

/** Whether a pause is of every agent everywhere. */
export function isOfEverything({ account, channel }: Pause): boolean {
  return account === null && channel === null
}

interface PauseBannerProps {
  readonly pauses: readonly Pause[]
  /** The channel where it stands; its name is left out. */
  readonly channel?: string
}

/** Says what is paused: what, by whom, until when, with Resume. Absent where nothing is. */
export function PauseBanner({ pauses, channel }: PauseBannerProps) {
  const console = useConsole()
  return (
    <>
      {pauses.map((pause) => (
        <fieldset class="paused" aria-label="Pause" key={pause.id}>
          <Icon of={CirclePause} />
          <p>
            <b>{pause.account ? nameOf(console, pause.account.handle) : 'Agents'}</b>{' '}
            {pause.account ? 'is' : 'are'} paused
            {pause.channel === null
              ? ' everywhere'
              : pause.channel === channel
                ? ''
                : ` in ${placeWords(pause.channel)}`}{' '}
            by {pause.by ? nameOf(console, pause.by.handle) : 'the operator'}{' '}
            {pause.until === null ? (
              'until somebody resumes'
            ) : (
              <>
                until <Time at={pause.until} show={isToday(pause.until) ? 'clock' : 'both'} />
              </>
            )}
            {pause.note && <q>{visibleText(pause.note)}</q>}
          </p>
          {mayResume(console, pause) && (
            <Button small icon={Play} onPress={() => console.acts.resume(pause.id)}>
              Resume
            </Button>
          )}
        </fieldset>
      ))}
    </>
  )
}

/** Whether I may end a pause: in a channel where I may post, or everywhere as a system admin. */
export function mayResume({ store }: Console, { channel }: Pause): boolean {
  if (channel === null) return store.me.value?.is_admin === true
  const known = store.channels.get(channel)
  return known !== undefined && canPost(known)
}

function mayRelease({ store }: Console, { channel, holder }: Claim): boolean {
  const me = store.me.value
  if (me?.is_admin || me?.handle === holder) return true
  return channel !== null && store.channels.get(channel)?.role === 'admin'
}

function canPost({ access }: Channel): boolean {
  return access.post
}

function isToday(time: string): boolean {
  return new Date(time).toDateString() === new Date().toDateString()
}

function nameOf({ store }: Console, handle: string): string {
  return store.accounts.get(handle)?.display_name || handle
}

function placeWords(slug: string): string {
  return isDirect(slug) ? 'this conversation' : `#${slug}`
}
