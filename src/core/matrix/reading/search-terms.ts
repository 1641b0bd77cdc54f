import { MAX_QUERY } from '../../kernel/limits'
import { parseQuery, type Query } from '../../search/query'
import { isObject } from '../canonical'
import { matrixRefusal } from '../errors'
import { formatPageToken, parsePageToken, unknownToken, wholeIn } from '../page-token'
import type { RoomEventFilter } from '../sync/filters'

/** What a search is for, and the places at which its pages end. */

export type SearchKey = 'content.body' | 'content.name' | 'content.topic'
export type GroupKey = 'room_id' | 'sender'
type Order = 'rank' | 'recent'

/** The criteria of a search for events of rooms (spec.matrix.org, client-server API, "Server side search"). */
export interface SearchCriteria {
  readonly term: string
  readonly keys: ReadonlySet<SearchKey>
  readonly filter: RoomEventFilter
  readonly order: Order
  /** How many events before and after each result are shown; undefined: no context. */
  readonly context:
    | { readonly before: number; readonly after: number; readonly withProfiles: boolean }
    | undefined
  readonly withState: boolean
  readonly groupBy: readonly GroupKey[]
}

/** The last result of a page, and what the first page found. */
export interface SearchPlace {
  readonly pos: number
  readonly score: number
  /** Seq of the newest row that the first page looked at: later ones would shift the ranks. */
  readonly upTo: number
  readonly count: number
  /** The group whose results are shown. */
  readonly group: { readonly key: GroupKey; readonly value: string } | undefined
}

/** @throws m_invalid_param for a term that is too long */
export function queryOf(term: string): Query {
  if (term.length > MAX_QUERY)
    throw matrixRefusal('M_INVALID_PARAM', `search_term has at most ${MAX_QUERY} characters`)
  return parseQuery(term)
}

export function formatSearchPlace({ order }: SearchCriteria, place: SearchPlace): string {
  const { pos, score, upTo, count, group } = place
  return formatPageToken({ order, pos, score, upTo, count, ...(group ? { group } : {}) })
}

/** @throws m_invalid_param for a token of another search */
export function parseSearchPlace({ order }: SearchCriteria, token: string): SearchPlace {
  const key = parsePageToken(token)
  const { score } = key
  if (key['order'] !== order || typeof score !== 'number') throw unknownToken()
  const [pos, upTo, count] = [wholeIn(key, 'pos'), wholeIn(key, 'upTo'), wholeIn(key, 'count')]
  return { pos, score, upTo, count, group: groupIn(key['group']) }
}

function groupIn(value: unknown): SearchPlace['group'] {
  if (!isObject(value)) return undefined
  const { key, value: name } = value
  if ((key !== 'room_id' && key !== 'sender') || typeof name !== 'string') throw unknownToken()
  return { key, value: name }
}
