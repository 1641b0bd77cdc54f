/** What a search asks for, as it is typed: words, and filters such as `in:general`. */
import { fieldDayOf } from '../../ui/clock'

const KINDS = ['message', 'correction', 'approval', 'system'] as const
export type Kind = (typeof KINDS)[number]

export const FILTERS = ['in', 'from', 'kind', 'before', 'after'] as const
export type FilterName = (typeof FILTERS)[number]

export interface Query {
  /** The words, without the filters. */
  readonly q: string
  /** Slugs separated by commas. */
  readonly channel?: string
  /** The handle of the sender. */
  readonly from?: string
  readonly kind?: Kind
  /** RFC 3339. */
  readonly before?: string
  readonly after?: string
}

/** A filter with a value that means nothing. */
export interface Misfit {
  readonly filter: string
  readonly reason: string
}

/** How a search can name what is in the store. */
export interface Names {
  /** The slug of a channel, or of the direct conversation with `@handle`; undefined if there is none. */
  readonly slugOf: (name: string) => string | undefined
  /** The present time, in milliseconds. */
  readonly now: number
}

const FILTER = /^(in|from|kind|before|after):(.*)$/i

/** Reads what was typed. Filters may stand anywhere; a phrase in quotes is never one. */
export function parseQuery(text: string, names: Names): { query: Query; misfits: Misfit[] } {
  const words: string[] = []
  const channels: string[] = []
  const rest: { from?: string; kind?: Kind; before?: string; after?: string } = {}
  const misfits: Misfit[] = []
  for (const word of text.match(/-?"[^"]*"?|\S+/g) ?? []) {
    const [, name, value = ''] = FILTER.exec(word) ?? []
    if (name === undefined) {
      words.push(word)
      continue
    }
    if (value === '') continue
    const misfit = (reason: string) => misfits.push({ filter: word, reason })
    switch (name.toLowerCase() as FilterName) {
      case 'in': {
        const slug = names.slugOf(value)
        if (slug === undefined) misfit('no conversation has this name')
        else channels.push(slug)
        break
      }
      case 'from':
        rest.from = value.replace(/^@/, '')
        break
      case 'kind': {
        const kind = KINDS.find((one) => one === value.toLowerCase())
        if (kind === undefined) misfit(`it is one of ${KINDS.join(', ')}`)
        else rest.kind = kind
        break
      }
      case 'before':
      case 'after': {
        const day = dayOf(value, names.now)
        if (day === undefined) misfit('write a day as 2026-03-12, today or yesterday')
        else rest[name.toLowerCase() as 'before' | 'after'] = day
        break
      }
    }
  }
  const query = {
    q: words.join(' '),
    ...rest,
    ...(channels.length > 0 ? { channel: channels.join(',') } : {}),
  }
  return { query, misfits }
}

/** The midnight that begins a day here, as RFC 3339. */
function dayOf(value: string, now: number): string | undefined {
  const today = new Date(now)
  const days = { today: 0, yesterday: 1 }[value.toLowerCase()]
  if (days !== undefined)
    return new Date(today.getFullYear(), today.getMonth(), today.getDate() - days).toISOString()
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return undefined
  const date = new Date(`${value}T00:00:00`)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

/** The word that is being typed, if it is a filter or may become one. */
export interface Typed {
  /** Where it begins and ends in the text. */
  readonly start: number
  readonly end: number
  /** The filter whose value is typed; undefined while its name is. */
  readonly filter: FilterName | undefined
  /** What there is of the value, or of the name. */
  readonly begun: string
}

/** What is being typed at the caret; undefined inside of a phrase, and where nothing can be completed. */
export function typedAt(text: string, caret: number): Typed | undefined {
  const before = text.slice(0, caret)
  if ((before.split('"').length - 1) % 2 === 1) return undefined
  const start = before.search(/\S*$/)
  const end = caret + (text.slice(caret).search(/\s|$/) ?? 0)
  const word = before.slice(start)
  const [, name, value = ''] = FILTER.exec(word) ?? []
  if (name !== undefined)
    return { start, end, filter: name.toLowerCase() as FilterName, begun: value.toLowerCase() }
  return { start, end, filter: undefined, begun: word.toLowerCase() }
}

/** What completes a word. */
export interface Suggestion {
  /** What is written in place of the word. */
  readonly insert: string
  readonly label: string
  readonly detail?: string
}

const HELP: Readonly<Record<FilterName, string>> = {
  in: 'a channel, or @ a person',
  from: 'who wrote it',
  kind: 'message, correction, approval, system',
  before: 'a day',
  after: 'a day',
}

/** What there is to complete with. */
export interface Completions {
  /** Names for `in:`, with what they mean. */
  readonly places: readonly { readonly name: string; readonly detail?: string }[]
  readonly people: readonly { readonly handle: string; readonly name: string }[]
  readonly now: number
}

const MOST = 8

/** The completions of a word, at most 8. */
export function suggest({ filter, begun }: Typed, { places, people, now }: Completions): Suggestion[] {
  const starts = (...words: readonly string[]) => words.some((word) => word.toLowerCase().startsWith(begun))
  const all = (): Suggestion[] => {
    switch (filter) {
      case undefined:
        return FILTERS.filter((name) => begun !== '' && starts(name)).map((name) => ({
          insert: `${name}:`,
          label: `${name}:`,
          detail: HELP[name],
        }))
      case 'in':
        return places
          .filter(({ name, detail = '' }) => starts(name, name.replace(/^@/, ''), detail))
          .map(({ name, detail }) => ({
            insert: `in:${name} `,
            label: name,
            ...(detail === undefined ? {} : { detail }),
          }))
      case 'from':
        return people
          .filter(({ handle, name }) => starts(handle, name, `@${handle}`))
          .map(({ handle, name }) => ({ insert: `from:${handle} `, label: handle, detail: name }))
      case 'kind':
        return KINDS.filter((kind) => starts(kind)).map((kind) => ({ insert: `kind:${kind} `, label: kind }))
      case 'before':
      case 'after':
        return days(now)
          .filter(({ day, words }) => starts(day, words))
          .map(({ day, words }) => ({ insert: `${filter}:${day} `, label: day, detail: words }))
    }
  }
  return all().slice(0, MOST)
}

function days(now: number): { day: string; words: string }[] {
  const date = new Date(now)
  const back = (count: number) =>
    fieldDayOf(new Date(date.getFullYear(), date.getMonth(), date.getDate() - count))
  return [
    { day: back(0), words: 'today' },
    { day: back(1), words: 'yesterday' },
    { day: back(7), words: 'a week ago' },
    { day: back(30), words: '30 days ago' },
  ]
}
