import { afterEach, expect, spyOn, test } from 'bun:test'
import { argonPasswords } from '../../src/platform'
import { PASSWORD, world } from '../support/world'

/*
 * The time of a refusal must not tell the reason. Time cannot be asserted on a busy machine, so these tests check that
 * every attempt does the same expensive work.
 */
const verify = spyOn(Bun.password, 'verify')
const hash = spyOn(Bun.SHA256, 'hash')
afterEach(() => {
  verify.mockClear()
  hash.mockClear()
})

test('every sign-in attempt costs one slow hash comparison, for known and unknown handles alike', async () => {
  await using w = await world({ hasSlowPasswords: true })
  await w.human('bob')
  await w.agent('ann')
  const archived = await w.human('carol')
  await w.archives(archived)
  for (const [handle, password] of [
    ['bob', PASSWORD],
    ['bob', 'wrong'],
    ['nobody', PASSWORD],
    ['ann', PASSWORD],
    ['carol', PASSWORD],
    ['not a handle', PASSWORD],
    ['bob', ''],
  ]) {
    verify.mockClear()
    await w.guest.post('/v1/auth/login', { handle, password })
    expect({ handle, password, compared: verify.mock.calls.length }).toEqual({
      handle,
      password,
      compared: 1,
    })
    const [, against] = verify.mock.calls[0] ?? []
    // Where there is no hash, the comparison uses one of the same cost.
    expect(String(against)).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=[14]\$/)
  }
})

test('an account without a password costs a comparison as well, which never succeeds', async () => {
  const passwords = argonPasswords()
  expect(await passwords.verify('', null)).toBe(false)
  expect(await passwords.verify(PASSWORD, null)).toBe(false)
  expect(verify.mock.calls).toHaveLength(2)
})

test('a token is looked up by its hash alone, so a partly correct token takes no longer', async () => {
  await using w = await world()
  const ann = await w.agent('ann')
  const almost = `${ann.secret.slice(0, -1)}${ann.secret.endsWith('x') ? 'y' : 'x'}`
  for (const [token, status] of [
    [ann.secret, 200],
    [almost, 401],
    ['syn_nothing', 401],
    [`${ann.secret}x`, 401],
  ] as const) {
    hash.mockClear()
    expect((await w.bearer(token).get('/v1/auth/me')).status).toBe(status)
    expect(hash.mock.calls.filter(([text]) => text === token)).toHaveLength(1)
  }
})
