import type { Core } from '../..'
import type { Policy } from '../../access/policy'
import type { Announcements } from '../../kernel/announcements'
import { background } from '../../kernel/background'
import type { Secrets } from '../../kernel/ids'
import type { MarkKey } from '../../log/marks'
import type { MatrixParts } from '../parts'
import type { Standings } from '../standings'
import type { Users } from '../users'
import { BetweenProcesses } from './between-processes'
import { Changes } from './changes'
import { EphemeralReads } from './ephemeral'
import { LeasePresence } from './lease-presence'
import { PresenceActs } from './presence-acts'
import { Presences } from './presences'
import { Ticker } from './ticker'
import { Typing } from './typing'
import { TypingActs } from './typing-acts'

export interface EphemeralParts {
  readonly core: Core
  readonly policy: Policy
  readonly standings: Pick<Standings, 'refuseSuspended'>
  readonly store: Pick<Announcements, 'onCommit'>
  readonly secrets: Pick<Secrets, 'uuid'>
  readonly timer: MatrixParts['timer']
  readonly report: (fault: unknown) => void
  readonly users: Users
  /** Wakes waiting readers. */
  readonly wake: (keys: Iterable<MarkKey>) => void
}

/** Hex digits of the name of a process. */
const BOOT_DIGITS = 4

/** Creates what is kept in memory: who types, and who is there. */
export function createEphemeral(parts: EphemeralParts) {
  const { core, policy, standings, store, secrets, timer, report, users, wake } = parts
  const { clock, settings } = core
  const isOn = () => settings.get('matrix.presence')
  const ticker = new Ticker(timer)
  const changes = new Changes(secrets.uuid().slice(-BOOT_DIGITS), wake)
  const typing = new Typing({ changes, clock, ticker })
  const presences = new Presences({ core, changes, clock, ticker, isOn, report })
  const send = core.frames.carry('matrix', {
    receive: (text) => others.receive(text),
    begun: () => others.begin(),
  })
  const others = new BetweenProcesses({ boot: changes.boot, typing, presences, clock, ticker, send })
  const typingActs = new TypingActs({ core, policy, standings, users, typing, presences, others })
  const leases = new LeasePresence({ core, users, presences, isOn, report })
  background(leases.begin(), report)
  store.onCommit((events) => {
    for (const event of events) {
      if (event.type === 'message.created' && event.about === 'message') {
        const { senderId, channelId } = event.message.message
        presences.active(senderId)
        if (typing.isTyping(channelId)) background(typingActs.posted(senderId, channelId), report)
      } else if (event.type === 'member.joined' && event.about === 'membership')
        presences.joined(event.account.id, event.channel.id)
      else if (event.type === 'account.archived' && event.about === 'account')
        presences.forget(event.account.id)
      else if (event.about === 'setting' && event.setting.key === 'matrix.presence')
        background(leases.begin(), report)
    }
  })
  return {
    ephemeral: new EphemeralReads({ core, changes, typing, presences }),
    typingActs,
    presenceActs: new PresenceActs({ core, users, presences, clock, isOn }),
    presences,
    ticker,
  }
}
