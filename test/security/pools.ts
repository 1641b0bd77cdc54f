import fc from 'fast-check'

/** Kinds of ids and names in answers and requests. */
export type Kind =
  | 'account'
  | 'channel'
  | 'token'
  | 'device'
  | 'session'
  | 'message'
  | 'attachment'
  | 'claim'
  | 'pause'
  | 'approval'
  | 'webhook'
  | 'delivery'
  | 'task'
  | 'handle'
  | 'slug'
  | 'cursor'
  | 'code'
  | 'setting'
  | 'place'

/** An id that belongs to no object. */
const NOBODYS = '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b'

/** A choice among the words known by the time of the request. */
export class Draw {
  constructor(
    private readonly kind: Kind,
    private readonly pick: number,
    private readonly shape: (word: string) => string = (word) => word,
  ) {}

  from(pools: Pools): string {
    return this.shape(pools.word(this.kind, this.pick))
  }
}

/** One of the words of a kind known by the time of the request. */
export function drawn(kind: Kind, shape?: (word: string) => string): fc.Arbitrary<Draw> {
  return fc.nat({ max: 999 }).map((pick) => new Draw(kind, pick, shape))
}

/** The ids and names in the answers so far, by kind. */
export class Pools {
  private readonly seen = new Map<Kind, Set<string>>()

  add(kind: Kind, ...words: string[]): void {
    const pool = this.seen.get(kind) ?? new Set()
    for (const word of words) pool.add(word)
    this.seen.set(kind, pool)
  }

  word(kind: Kind, pick: number): string {
    const words = [...(this.seen.get(kind) ?? [])]
    return words[pick % words.length] ?? NOBODYS
  }

  /** Adds every id and name in an answer. */
  learn(value: unknown): void {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      for (const item of value) this.learn(item)
      return
    }
    const keys = new Set(Object.keys(value))
    for (const [key, inner] of Object.entries(value)) {
      if (typeof inner !== 'string') this.learn(inner)
      else for (const kind of kindsOf(key, keys)) this.add(kind, inner)
    }
  }
}

/** The kinds of a field by its name, or by its neighbours if the name is `id`. */
function kindsOf(key: string, beside: ReadonlySet<string>): readonly Kind[] {
  if (key === 'id') {
    const owner = owners.find(([neighbour]) => beside.has(neighbour))
    return owner ? [owner[1]] : []
  }
  return kinds.get(key) ?? []
}

const owners: readonly (readonly [neighbour: string, kind: Kind])[] = [
  ['sender_handle', 'message'],
  ['sha256', 'attachment'],
  ['requested_by', 'approval'],
  ['contextId', 'task'],
  ['holder_kind', 'claim'],
  ['until', 'pause'],
  ['batch_s', 'webhook'],
  ['webhook_id', 'delivery'],
  ['account_kind', 'device'],
  ['revoked_at', 'token'],
  ['user_agent', 'session'],
  ['slug', 'channel'],
  ['handle', 'account'],
]

const kinds: ReadonlyMap<string, readonly Kind[]> = new Map(
  Object.entries<readonly Kind[]>({
    account_id: ['account'],
    sender_id: ['account'],
    token_id: ['token'],
    session_id: ['session'],
    holder: ['handle'],
    message_id: ['message'],
    webhook_id: ['webhook'],
    delivery_id: ['delivery'],
    thread_id: ['message'],
    reply_to: ['message'],
    handle: ['handle'],
    account_handle: ['handle'],
    sender_handle: ['handle'],
    slug: ['slug'],
    channel_slug: ['slug'],
    cursor: ['cursor'],
    position: ['cursor'],
    next_cursor: ['cursor', 'place'],
    head_cursor: ['cursor'],
    oldest_cursor: ['cursor'],
    code: ['code'],
    typed_code: ['code'],
  }),
)
