import { describe, expect, test } from 'bun:test'
import { DiskWatch, type Space } from '../../src/store/disk-watch'
import { thrownBy } from '../home/temporary'

const MEBIBYTE = 1024 * 1024
const GIBIBYTE = 1024 * MEBIBYTE

/** A watch over disks that the test fills. */
function scene(disks: Record<string, Space>) {
  const said: string[] = []
  const watch = new DiskWatch({
    folders: Object.keys(disks),
    say: (level, message) => said.push(`${level}: ${message}`),
    spaceOf: (folder) => disks[folder] ?? { free: 0, total: 0 },
  })
  return {
    watch,
    said,
    /** Leaves this many megabytes free, checks the disk, and returns whether messages may be stored. */
    leave: (megabytes: number, folder = 'home') => {
      disks[folder] = { free: megabytes * MEBIBYTE, total: disks[folder]?.total ?? 0 }
      watch.look()
      try {
        watch.admit()
        return true
      } catch {
        return false
      }
    },
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  }
}

describe('a disk that fills up', () => {
  test('a disk is reported once at nine tenths, and again only after it had room in between', () => {
    using s = scene({ home: { free: 5 * GIBIBYTE, total: 10 * GIBIBYTE } })
    expect(s.leave(1100)).toBe(true)
    expect(s.said).toEqual([])
    for (const megabytes of [1000, 900, 1200, 1000]) expect(s.leave(megabytes)).toBe(true)
    expect(s.said).toEqual(['warning: the disk is nearly full'])
    s.leave(5000)
    s.leave(900)
    expect(s.said.length).toBe(2)
  })

  test('messages are refused below the floor and accepted again only with some room to spare', () => {
    using s = scene({ home: { free: 5 * GIBIBYTE, total: 10 * GIBIBYTE } })
    expect([33, 31, 33, 39, 40, 33].map((megabytes) => s.leave(megabytes))).toEqual([
      true,
      false,
      false,
      false,
      true,
      true,
    ])
    expect(thrownBy(() => s.leave(10) || s.watch.admit())).toMatchObject({ kind: 'storage_full' })
    expect(s.said.filter((line) => line.includes('posts'))).toEqual([
      'warning: the disk is full: posts are refused until there is room again',
      'info: there is room on the disk again: posts are accepted',
      'warning: the disk is full: posts are refused until there is room again',
    ])
  })

  test('the fullest of several disks counts', () => {
    using s = scene({
      home: { free: 5 * GIBIBYTE, total: 10 * GIBIBYTE },
      elsewhere: { free: 5 * GIBIBYTE, total: 10 * GIBIBYTE },
    })
    expect(s.leave(20, 'elsewhere')).toBe(false)
    expect(s.watch.free).toBe(20 * MEBIBYTE)
    expect(s.leave(6000)).toBe(false)
    expect(s.leave(50, 'elsewhere')).toBe(true)
  })
})

test('a folder that cannot be examined causes no refusals', () => {
  using watch = new DiskWatch({ folders: ['/nowhere/at/all'], say: () => {} })
  watch.admit()
  expect(watch.free).toBe(Number.POSITIVE_INFINITY)
})
