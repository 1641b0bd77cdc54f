import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { MemberTable } from '../../../src/core/access/member-table'
import type { Member } from '../../../src/core/kernel/entities'

const ids = fc.integer({ min: 1, max: 40 })
const member: fc.Arbitrary<Member> = fc.record({
  role: fc.constantFrom('admin' as const, 'member' as const, 'read_only' as const),
  joinedSeq: fc.integer({ min: 0, max: 2 ** 51 - 1 }),
})
const steps = fc.array(fc.oneof(fc.tuple(ids, member), fc.tuple(ids, fc.constant(null))), { maxLength: 80 })

test('a member table equals a map, ordered by id', () => {
  fc.assert(
    fc.property(steps, (changes) => {
      const table = new MemberTable()
      const map = new Map<number, Member>()
      for (const [id, change] of changes)
        if (change) {
          expect(table.set(id, change)).toBe(!map.has(id))
          map.set(id, change)
        } else expect(table.delete(id)).toBe(map.delete(id))
      table.compact()
      expect(table.size).toBe(map.size)
      expect(table.keys()).toEqual([...map.keys()].sort((one, other) => one - other))
      for (let id = 0; id <= 41; id++) {
        expect(table.get(id)).toEqual(map.get(id))
        expect(table.has(id)).toBe(map.has(id))
      }
    }),
  )
})

test('two member tables meet exactly when they share an id', () => {
  fc.assert(
    fc.property(fc.uniqueArray(ids), fc.uniqueArray(ids), (one, other) => {
      const tableOf = (members: number[]) => {
        const table = new MemberTable()
        for (const id of members) table.set(id, { role: 'member', joinedSeq: id })
        return table
      }
      expect(tableOf(one).meets(tableOf(other))).toBe(one.some((id) => other.includes(id)))
    }),
  )
})
