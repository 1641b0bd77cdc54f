import { type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { Clock } from './clock'
import type { Keep } from './keep'
import { type Draft, emptyDraft, type Place, placeKey } from './types'

/** A draft is stored so long after the last key. */
const DELAY = 300

/** What is written and not sent, by channel and thread. It stays over a reload. */
export class Drafts {
  private readonly known = new Map<string, Signal<Draft>>()
  private readonly unsaved = new Map<string, () => void>()

  constructor(
    private readonly keep: Keep,
    private readonly clock: Clock,
  ) {}

  /** The draft of a place. Read it with `peek` in a composer: it changes with every key. */
  at(place: Place): ReadonlySignal<Draft> {
    return this.entry(placeKey(place))
  }

  /** Changes some of a draft. It is stored 300 ms after the last change. */
  change(place: Place, change: Partial<Draft>): void {
    const key = placeKey(place)
    const entry = this.entry(key)
    entry.value = { ...entry.peek(), ...change }
    this.unsaved.get(key)?.()
    this.unsaved.set(
      key,
      this.clock.after(DELAY, () => this.save(key)),
    )
  }

  /** Empties a draft, and returns what it said. */
  take(place: Place): Draft {
    const key = placeKey(place)
    const entry = this.entry(key)
    const draft = entry.peek()
    entry.value = emptyDraft
    this.save(key)
    return draft
  }

  /** Puts back what was not sent, before what has been written since. */
  putBack(place: Place, draft: Draft): void {
    const now = this.entry(placeKey(place)).peek()
    const text = [draft.text, now.text].filter((one) => one !== '').join('\n\n')
    const attachments = [...draft.attachments, ...now.attachments]
    this.change(place, { ...draft, text, attachments })
    this.flush()
  }

  /** Stores everything now: the page may go. */
  flush(): void {
    for (const key of [...this.unsaved.keys()]) this.save(key)
  }

  /** How many drafts have something in them. */
  count(): number {
    this.flush()
    return this.keep.names('draft').length
  }

  private entry(key: string): Signal<Draft> {
    const known = this.known.get(key)
    if (known) return known
    const made = signal<Draft>({ ...emptyDraft, ...this.keep.get<Draft>('draft', key) })
    this.known.set(key, made)
    return made
  }

  private save(key: string): void {
    this.unsaved.get(key)?.()
    this.unsaved.delete(key)
    const draft = this.entry(key).peek()
    const { text, attachments, replyTo } = draft
    if (text === '' && attachments.length === 0 && replyTo === null) this.keep.remove('draft', key)
    else this.keep.set('draft', key, draft)
  }
}
