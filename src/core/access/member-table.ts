import type { Member, Role } from '../kernel/entities'

const roles: readonly Role[] = ['admin', 'member', 'read_only']

/** The initial capacity of a table, in entries. */
const LEAST = 4

/**
 * The memberships of one channel (by account id) or of one account (by channel id). Two sorted arrays of 12 bytes an
 * entry; a map of objects takes hundreds, and a large server has more memberships than anything else.
 */
export class MemberTable {
  size = 0
  private ids = new Uint32Array(LEAST)
  /** The seq of the join times four, plus the role. */
  private facts = new Float64Array(LEAST)

  has(id: number): boolean {
    const place = this.indexOf(id)
    return place < this.size && this.ids[place] === id
  }

  get(id: number): Member | undefined {
    const place = this.indexOf(id)
    if (place === this.size || this.ids[place] !== id) return undefined
    const fact = this.facts[place] ?? 0
    return { role: roles[fact % 4] ?? 'read_only', joinedSeq: Math.floor(fact / 4) }
  }

  /** Returns true if the entry is new. */
  set(id: number, { role, joinedSeq }: Member): boolean {
    const place = this.indexOf(id)
    const isNew = place === this.size || this.ids[place] !== id
    if (isNew) {
      if (this.size === this.ids.length) this.resize(Math.ceil(this.size * 1.25) + 1)
      this.ids.copyWithin(place + 1, place, this.size)
      this.facts.copyWithin(place + 1, place, this.size)
      this.size++
    }
    this.ids[place] = id
    this.facts[place] = joinedSeq * 4 + roles.indexOf(role)
    return isNew
  }

  /** Returns false if there was no such entry. */
  delete(id: number): boolean {
    const place = this.indexOf(id)
    if (place === this.size || this.ids[place] !== id) return false
    this.ids.copyWithin(place, place + 1, this.size)
    this.facts.copyWithin(place, place + 1, this.size)
    this.size--
    return true
  }

  /** The ids in ascending order. */
  keys(): readonly number[] {
    return [...this.ids.subarray(0, this.size)]
  }

  /** Reports whether both tables have an id in common. */
  meets(other: MemberTable): boolean {
    const [small, large] = this.size < other.size ? [this, other] : [other, this]
    return small.ids.subarray(0, small.size).some((id) => large.has(id))
  }

  /** Releases spare capacity. */
  compact(): this {
    this.resize(Math.max(this.size, 1))
    return this
  }

  /** Returns the index of the id, or where it would be inserted. */
  private indexOf(id: number): number {
    let low = 0
    let high = this.size
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.ids[middle] ?? 0) < id) low = middle + 1
      else high = middle
    }
    return low
  }

  private resize(capacity: number): void {
    const ids = new Uint32Array(capacity)
    const facts = new Float64Array(capacity)
    ids.set(this.ids.subarray(0, this.size))
    facts.set(this.facts.subarray(0, this.size))
    this.ids = ids
    this.facts = facts
  }
}
