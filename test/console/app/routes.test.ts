import { describe, expect, test } from 'bun:test'
import { href, paths, routeOf } from '../../../packages/console/src/app/routes'
import { undeployedEndpoints } from '../../../scripts/offline-endpoints'

const at = (path: string) => {
  const { name, params, query } = routeOf(new URL(path, 'http://x'))
  return { name, params: { ...params }, query: Object.fromEntries(query) }
}

describe('addresses of the console', () => {
  test('the server answers each address that the console knows, and no other', () => {
    const served = undeployedEndpoints().filter(
      ({ tag, path }) => tag === 'Console' && !path.startsWith('/console/'),
    )
    expect(served.map(({ path }) => path).toSorted()).toEqual(Object.values<string>(paths).toSorted())
  })

  test.each([
    ['/', 'home', {}],
    ['/channels/release-42', 'channel', { slug: 'release-42' }],
    ['/channels/dm%3Aa%3Ab', 'channel', { slug: 'dm:a:b' }],
    ['/threads/01a1', 'thread', { id: '01a1' }],
    ['/m/01a1', 'message', { id: '01a1' }],
    ['/me', 'me', {}],
    ['/me/devices', 'meSection', { section: 'devices' }],
    ['/admin/accounts/ada', 'adminItem', { section: 'accounts', item: 'ada' }],
    ['/channels/', 'unknown', {}],
    ['/channels/%E0%A4%A', 'unknown', {}],
    ['/docs', 'unknown', {}],
  ])('%s leads to %s', (path, name, params) => {
    expect(at(path)).toEqual({ name, params, query: {} } as ReturnType<typeof at>)
  })

  test('an address that was made leads to the same route', () => {
    const made = href('channel', { slug: 'a b/ü?' }, { m: '01a1', empty: undefined })
    expect(made).toBe('/channels/a%20b%2F%C3%BC%3F?m=01a1')
    expect(at(made)).toEqual({ name: 'channel', params: { slug: 'a b/ü?' }, query: { m: '01a1' } })
    expect(href('home')).toBe('/')
    expect(href('home', {}, { list: '' })).toBe('/?list=')
  })
})
