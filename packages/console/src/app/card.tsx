import { Pause as PauseIcon, SquarePen } from 'lucide'
import { useEffect, useState } from 'preact/hooks'
import { type Activity, ageOf, isHeld, type Profile, reachedBy } from '../state'
import { Avatar } from '../ui/avatar'
import { Button } from '../ui/button'
import { Chip } from '../ui/chip'
import { Countdown } from '../ui/countdown'
import { Time } from '../ui/time'
import { wordsOf } from '../ui/words'
import { Presence } from './account-presence'
import { useConsole } from './console'
import { navigate } from './navigation'
import { now } from './now'
import { askPause, PauseBanner, pausesFor, placesToPause } from './pausing'
import { href } from './routes'
import { synapse } from './session'

/** Who somebody is: state, note, age, by what one is reached, claims, and a way to write. */
export function Card({ handle }: { readonly handle: string }) {
  const app = useConsole()
  const { store, acts } = app
  const [profile, setProfile] = useState<Profile>()
  const [problem, setProblem] = useState('')
  const [doing, setDoing] = useState<Activity['agents'][number]>()
  useEffect(() => {
    const controller = new AbortController()
    // What an agent did last, and what waits for it. A card without that is still one.
    synapse.request('GET /v1/activity', { query: { window: '24h' }, signal: controller.signal }).then(
      ({ agents }) => setDoing(agents.find((one) => one.account.handle === handle)),
      () => undefined,
    )
    synapse
      .request('GET /v1/accounts/{handle}', { path: { handle }, signal: controller.signal })
      .then(setProfile, (error: unknown) => {
        if (!controller.signal.aborted) setProblem(wordsOf(error).detail)
      })
    return () => controller.abort()
  }, [handle])
  const account = store.accounts.get(handle)
  const presence = store.presence.get(handle) ?? profile?.presence
  const claims = store.claims.all.value.filter((claim) => claim.holder === handle && isHeld(claim, now()))
  const kind = profile?.kind ?? account?.kind ?? 'agent'
  const name = profile?.display_name ?? account?.display_name ?? handle
  const isMe = store.me.value?.handle === handle
  const reached = presence ? reachedBy(presence) : []
  const write = async () => navigate(href('channel', { slug: await acts.openDirect(handle) }))
  return (
    <div class="card-content">
      <header>
        <Avatar handle={handle} name={name} kind={kind} size={40} />
        <div>
          <b>{name}</b> {kind !== 'human' && <span class="kind">agent</span>}
          <div class="quiet">@{handle}</div>
        </div>
      </header>
      <Presence handle={handle} />
      {presence?.note && <p>“{presence.note}”</p>}
      {profile?.about && <p class="quiet">{profile.about}</p>}
      {presence && kind !== 'human' && (
        <p class="quiet">
          {reached.length > 0
            ? `Reached by ${reached.join(', ')}.`
            : 'Reached by nothing now; messages wait in its inbox.'}
        </p>
      )}
      {kind !== 'human' && <PauseBanner pauses={pausesFor(app, { account: handle })} />}
      {claims.length > 0 && (
        <ul class="claims">
          {claims.map(({ id, resource, expires_at }) => (
            <li key={id}>
              <Chip tone="agent" title={resource}>
                {resource.split(/[/:]/).at(-1)} <Countdown until={expires_at} />
              </Chip>
            </li>
          ))}
        </ul>
      )}
      {doing?.last_message && <LastMessage message={doing.last_message} />}
      {doing && doing.inbox.pending > 0 && (
        <p class="quiet">
          {doing.inbox.pending} {doing.inbox.pending === 1 ? 'item waits' : 'items wait'} in its inbox
          {doing.inbox.oldest_at && `, the oldest: ${ageOf(Date.parse(doing.inbox.oldest_at), now())}`}
        </p>
      )}
      {problem && <p class="problem">{problem}</p>}
      {!isMe && (
        <footer>
          <Button small icon={SquarePen} onPress={write}>
            Message
          </Button>
          {kind !== 'human' && placesToPause(app).length > 0 && (
            <Button small icon={PauseIcon} onPress={() => askPause({ account: handle })}>
              Pause
            </Button>
          )}
        </footer>
      )}
    </div>
  )
}

type Last = NonNullable<Activity['agents'][number]['last_message']>

function LastMessage({ message: { id, channel, at, snippet } }: { readonly message: Last }) {
  return (
    <p class="last-message">
      <a href={href('message', { id })}>
        Last in #{channel}, <Time at={at} show="both" />
      </a>
      <span class="quiet">{snippet}</span>
    </p>
  )
}
