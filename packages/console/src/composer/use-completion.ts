import { useMemo, useState } from 'preact/hooks'
import { useConsole } from '../app/console'
import { background } from '../background'
import { type Around, surroundingsOf } from './around'
import { type Nameable, type Query, queryAt, type Suggestion, suggestionsFor } from './completion'

export interface Completion {
  readonly query: Query | undefined
  /** Empty: the list is closed. */
  readonly list: readonly Suggestion[]
  readonly index: number
  /** The text or the caret has changed. */
  readonly look: (text: string, caret: number) => void
  readonly move: (step: 1 | -1) => void
  readonly close: () => void
  /** Closes it until another name is begun. */
  readonly dismiss: () => void
}

const none: readonly Suggestion[] = []

/** The list of names for what stands at the caret. */
export function useCompletion(around: Around): Completion {
  const app = useConsole()
  const [query, setQuery] = useState<Query>()
  const [index, setIndex] = useState(0)
  const [dismissed, setDismissed] = useState<number>()
  const [others, setOthers] = useState<readonly Nameable[]>([])
  const asked = useMemo(() => new Set<string>(), [])
  const list =
    query && query.start !== dismissed ? suggestionsFor(query, surroundingsOf(app, around, others)) : none
  const at = Math.min(index, Math.max(0, list.length - 1))

  const ask = async (prefix: string) => {
    asked.add(prefix)
    const found = await app.acts.directory(prefix)
    setOthers((before) => {
      const known = new Set(before.map(({ handle }) => handle))
      const more = found.filter(({ handle }) => !known.has(handle))
      return [
        ...before,
        ...more.map(({ handle, kind, display_name }) => ({ handle, kind, name: display_name ?? '' })),
      ]
    })
  }
  const look = (text: string, caret: number) => {
    const next = queryAt(text, caret)
    if (next?.start !== query?.start) setDismissed(undefined)
    if (next?.prefix !== query?.prefix || next?.start !== query?.start) {
      setQuery(next)
      setIndex(0)
    }
    if (!next || next.prefix === '' || asked.has(next.prefix)) return
    const members = app.store.members.peek(around.place.channel) ?? []
    // The server knows more than the members.
    if (!members.some(({ handle }) => handle.startsWith(next.prefix))) background(ask(next.prefix))
  }
  return {
    ...{ query, list, index: at, look },
    move: (step) => setIndex((at + step + list.length) % list.length),
    close: () => setQuery(undefined),
    dismiss: () => setDismissed(query?.start),
  }
}
