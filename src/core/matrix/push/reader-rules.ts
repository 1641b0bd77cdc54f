import type { Core } from '../..'
import { parsedEvent } from '../events'
import { isIgnored } from '../reading/readers'
import { type CompiledRules, type Missing, type Outcome, SILENT } from './evaluate'
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

  /** Returns what an event does for a reader, or what must be loaded first. */
  now(tail: Tail, event: EventFacts, { rules, ignored, name }: Applied): Outcome | Missing {
    if (event.isRedacted || isIgnored({ ignored }, event)) return SILENT
    const around: Surroundings = { members: tail.members, displayName: name.displayName }
    return rules.outcomeOf(event, around)
  }

  /** Returns what an event does for a reader. */
  async outcomeOf(tail: Tail, event: EventFacts, applied: Applied): Promise<Outcome> {
    for (const _ of LOADABLE) {
      const found = this.now(tail, event, applied)
      if (typeof found !== 'string') return found
      await this.load(found, tail, event, applied)
    }
    const found = this.now(tail, event, applied)
    // A room that is gone meanwhile has neither members nor levels.
    return typeof found === 'string' ? SILENT : found
  }

  private async load(
    missing: Missing,
    tail: Tail,
    event: EventFacts,
    { userId, name }: Applied,
  ): Promise<void> {
    const { channelId } = tail
    if (missing === 'members') return this.tails.loadMembers(tail)
    if (missing === 'levels') return this.tails.loadLevels(channelId, event)
    const [member] = await this.core.reads.matrix().memberEvents([{ channelId, userId }])
    const shown = member && parsedEvent(member.json).content['displayname']
    name.displayName = typeof shown === 'string' ? shown : null
  }
}

/** Each of them is loaded once at most for an event and a reader. */
const LOADABLE: readonly Missing[] = ['members', 'levels', 'displayName']
