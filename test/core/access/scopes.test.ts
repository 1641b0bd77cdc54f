import { describe, expect, test } from 'bun:test'
import { channelScopes, legalScopes, namesChannel, scopeMatches } from '../../../src/core/access/scopes'
import { thrownBy } from '../../home/temporary'

describe('a granted scope covers a required one', () => {
  // The first three are examples of the contract.
  test.each([
    ['channel:*:read', 'channel:a:read', true],
    ['channel:a', 'channel:a:read', false],
    ['dm:*:*', 'dm:x:post', true],
    ['channel:a:read', 'channel:a:read', true],
    ['channel:a:read', 'channel:a:post', false],
    ['channel:a:read', 'channel:ab:read', false],
    ['channel:a:*', 'channel:a:post', true],
    ['channel:*:*', 'channel:a:admin', true],
    ['channel:*', 'channel:a:read', false],
    ['*', 'channel:a:read', false],
    ['*:*:*', 'channel:a:read', true],
    ['channel:a:read:more', 'channel:a:read', false],
    ['channel:a:post', 'channel:a:read', false],
    ['admin:*', 'channel:a:read', true],
    ['admin:*', 'config:write', true],
    ['admin:read', 'channel:a:read', false],
    ['dm:*:read', 'channel:a:read', false],
    ['channel::read', 'channel:a:read', false],
    ['', 'channel:a:read', false],
  ])('%s covers %s: %p', (granted, required, covers) => {
    expect(scopeMatches(granted, required)).toBe(covers)
  })
})

test('only a scope that names the slug reveals a channel', () => {
  expect(namesChannel(['channel:plans:read'], 'plans')).toBeTrue()
  expect(namesChannel(['channel:plans:*'], 'plans')).toBeTrue()
  for (const scope of [
    'channel:*:read',
    'channel:plans-b:read',
    'channel:plan:read',
    'admin:*',
    'dm:plans:read',
  ])
    expect(namesChannel([scope], 'plans')).toBeFalse()
})

test('a scope concerns its channel whatever its verb is', () => {
  for (const scope of ['channel:a:read', 'channel:a:post', 'channel:a:admin', 'channel:*:post', 'admin:*'])
    expect(channelScopes([scope]).touches('a')).toBeTrue()
  for (const scope of ['channel:b:read', 'inbox:*:read', 'dm:*:*'])
    expect(channelScopes([scope]).touches('a')).toBeFalse()
  expect(channelScopes([]).touches('a')).toBeFalse()
})

describe('scopes of a new token', () => {
  test('a token can have only scopes of the contract', () => {
    const legal = [
      ...['read', 'post', 'admin', '*'].flatMap((verb) => [`channel:general:${verb}`, `channel:*:${verb}`]),
      ...['read', 'post', '*'].flatMap((verb) => [`dm:bob:${verb}`, `dm:*:${verb}`]),
      ...['human:act', 'inbox:*:read', 'config:read', 'config:write', 'audit:read', 'metrics:read'],
      ...['configsync:sync', 'configsync:read', 'federation:manage', 'admin:*'],
    ]
    expect(legalScopes(legal)).toEqual(legal)
  })

  test('scopes are stored in lower case, without repetition and in the given order', () => {
    expect(legalScopes([' Channel:B:Post ', 'channel:a:read', 'channel:b:post', ''])).toEqual([
      'channel:b:post',
      'channel:a:read',
    ])
  })

  test.each([
    'channel:general',
    'channel:general:write',
    'channel:general:read:more',
    'channel::read',
    'channel:not a slug:read',
    'channel:-x:read',
    `channel:${'a'.repeat(65)}:read`,
    `channel:${'a'.repeat(200)}:read`,
    'dm:bob:admin',
    'inbox:bob:read',
    'inbox:*:post',
    'admin:read',
    'admin',
    '*',
    '*:*:*',
    'config:*',
    'human:*',
    'nonsense',
  ])('the scope %s is refused', (scope) => {
    expect(thrownBy(() => legalScopes(['channel:a:read', scope]))).toMatchObject({
      kind: 'invalid',
      reason: 'invalid_scope',
      message: `Unknown scope: ${scope.slice(0, 160)}`,
    })
  })

  test.each([[[]], [['']], [[' ', '']]])('the empty list of scopes %j is refused', (none) => {
    expect(thrownBy(() => legalScopes(none))).toMatchObject({
      reason: 'scopes_required',
      message: 'At least one scope required',
    })
  })

  test('a token has at most 100 scopes', () => {
    const many = Array.from({ length: 101 }, (_, i) => `channel:c${i}:read`)
    expect(legalScopes(many.slice(1))).toHaveLength(100)
    expect(thrownBy(() => legalScopes(many))).toMatchObject({ reason: 'invalid_scope' })
  })
})
