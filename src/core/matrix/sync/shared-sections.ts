import type { Core } from '../..'
import type { StoredEvent } from '../event-ports'
import type { RoomView } from '../reading/readers'
import type { SyncFilter } from './filters'
import type { SyncScope } from './room'

/** Sections that are kept for each filter. */
const CAPACITY = 256
/** Their events say how old they are. */
const LIFETIME_MILLISECONDS = 1000

interface Kept<Section> {
  readonly until: number
  readonly section: Promise<Section | undefined>
}

/**
 * What an answer of `/sync` says of a room, made once for all readers who are told the same. Many of them wake together
 * when something happens in their room.
 */
export class SharedSections<Section extends { readonly sent: readonly Pick<StoredEvent, 'sentAs'>[] }> {
  private readonly byFilter = new WeakMap<SyncFilter, Map<string, Kept<Section>>>()

  constructor(private readonly core: Pick<Core, 'clock'>) {}

  /** Returns what this reader is told, or makes it; undefined for a reader who may be told something else. */
  async of(
    view: RoomView,
    { filter, stateAfter, fullState }: SyncScope,
    make: () => Promise<Section | undefined>,
  ): Promise<Section | undefined> {
    const { stretch, reader } = view
    if (!stretch || fullState || reader.ignored.size > 0) return undefined
    const key = `${view.room.channelId} ${stretch.first} ${stretch.last} ${stateAfter ?? ''}`
    const section = await this.kept(filter, key, make)
    // Who has sent something is shown its transaction id.
    const isOwn = section?.sent.some((event) => reader.transactionOf(event) !== undefined)
    return isOwn ? undefined : section
  }

  private kept(
    filter: SyncFilter,
    key: string,
    make: () => Promise<Section | undefined>,
  ): Promise<Section | undefined> {
    const now = this.core.clock.steady()
    const sections = this.byFilter.get(filter) ?? new Map<string, Kept<Section>>()
    this.byFilter.set(filter, sections)
    const known = sections.get(key)
    if (known && known.until > now) return known.section
    if (sections.size >= CAPACITY) sections.clear()
    const section = make()
    sections.set(key, { until: now + LIFETIME_MILLISECONDS, section })
    section.catch(() => sections.delete(key))
    return section
  }
}
