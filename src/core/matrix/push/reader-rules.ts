import type { Core } from '../..'
import { parsedEvent } from '../events'
import { isIgnored } from '../reading/readers'
import { type CompiledRules, NOT_LOADED, type Outcome, SILENT } from './evaluate'
import type { EventFacts, Surroundings } from './facts'
import type { RoomTails, Tail } from './tails'

/** Whose rules are applied, and what is known of it in the room. */
export interface Applied {
  readonly userId: string
  readonly rules: CompiledRules
  /** The users whose messages it does not want to see. */
  readonly ignored: ReadonlySet<string>
  /** Where its display name in the room is kept once it was asked for. */
  readonly name: { displayName: string | null | undefined }
}

/** Applies the rules of readers to the events of rooms, and loads what they ask for. */
export class ReaderRules {
  constructor(
    private readonly core: Pick<Core, 'reads'>,
    private readonly tails: RoomTails,
  ) {}

  /** Returns what an event does for a reader if nothing must be loaded for it. */
  now(tail: Tail, event: EventFacts, { rules, ignored, name }: Applied): Outcome | typeof NOT_LOADED {
    if (event.isRedacted || isIgnored({ ignored }, event)) return SILENT
    const around: Surroundings = { members: tail.members, displayName: name.displayName }
    return rules.outcomeOf(event, around)
  }

  /** Returns what an event does for a reader. */
  async outcomeOf(tail: Tail, event: EventFacts, applied: Applied): Promise<Outcome> {
    const found = this.now(tail, event, applied)
    if (found !== NOT_LOADED) return found
    await this.load(tail, event, applied)
    const then = this.now(tail, event, applied)
    // A room that is gone meanwhile has neither members nor levels.
    return then === NOT_LOADED ? SILENT : then
  }

  private async load(tail: Tail, event: EventFacts, { userId, name }: Applied): Promise<void> {
    const { channelId } = tail
    await this.tails.loadMembers(tail)
    await this.tails.loadLevels(channelId, event)
    if (name.displayName !== undefined) return
    const [member] = await this.core.reads.matrix().memberEvents([{ channelId, userId }])
    const shown = member && parsedEvent(member.json).content['displayname']
    name.displayName = typeof shown === 'string' ? shown : null
  }
}
