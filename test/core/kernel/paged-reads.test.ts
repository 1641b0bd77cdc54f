import { describe, expect, test } from 'bun:test'
import type { MemberCount } from '../../../src/core/kernel/channel-ports'
import { countInSlices } from '../../../src/core/kernel/paged-reads'
import type { KeyPage } from '../../../src/core/kernel/ports'
import { Pace } from '../../../src/core/kernel/turns'

const AS_OF = 7

/** Channels with these numbers of members. A statement for many channels counts only up to a limit. */
function scene(sizes: readonly number[], countedAtOnce: number) {
  const work: string[] = []
  const pages: KeyPage[] = []
  const turns = {
    next: async () => {
      work.push('turn')
    },
  }
  const pace = new Pace(turns, { steady: () => 0 }, (fault) => {
    throw fault
  })
  let version = 0
  const state = { onPage: () => {} }
  const countOf = (channelId: number, members: number, isPart = false): MemberCount => ({
    channelId,
    members,
    isPart,
    asOf: AS_OF,
  })
  const reads = {
    countActive: async (channelIds: readonly number[]) => {
      work.push('statement')
      return channelIds.map((id) => {
        const members = sizes[id] ?? 0
        return countOf(id, Math.min(members, countedAtOnce), members > countedAtOnce)
      })
    },
    countActiveIn: async (channelId: number, page: KeyPage) => {
      work.push('statement')
      pages.push(page)
      state.onPage()
      const rest = (sizes[channelId] ?? 0) - page.after
      const members = Math.min(page.limit, rest)
      const last = rest < page.limit ? undefined : page.after + members
      return { ...countOf(channelId, members), last }
    },
  }
  return {
    work,
    pages,
    state,
    change: () => void version++,
    count: () => countInSlices(pace, [...sizes.keys()], reads, () => version),
  }
}

describe('counting members', () => {
  test('a channel with very many members is counted in pages, with a turn of the event loop after each', async () => {
    const { count, work, pages } = scene([3, 50_000, 0], 500)
    expect((await count()).map(({ members }) => members)).toEqual([3, 50_000, 0])
    expect(Math.max(...pages.map(({ limit }) => limit))).toBe(1000)
    expect(pages).toHaveLength(51)
    expect(work.join(' ')).not.toContain('statement statement statement')
    expect(work.filter((did) => did === 'turn').length).toBeGreaterThanOrEqual(50)
  })

  test('a count starts again when rights change between two pages', async () => {
    const { count, pages, state, change } = scene([2500], 250)
    let changes = 0
    state.onPage = () => {
      if (pages.length === 2 && changes++ === 0) change()
    }
    expect(await count()).toEqual([{ channelId: 0, members: 2500, isPart: false, asOf: AS_OF }])
    expect(pages.map(({ after }) => after)).toEqual([0, 1000, 0, 1000, 2000])
  })

  test('a count is made in one read when rights change all the time', async () => {
    const { count, pages, state, change } = scene([2500], 250)
    state.onPage = change
    expect((await count()).map(({ members }) => members)).toEqual([2500])
    expect(pages).toHaveLength(4)
    expect(pages.at(-1)?.limit).toBe(Number.MAX_SAFE_INTEGER)
  })
})
