// The commands of ConfigSync against a running server.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

let site: Site
let url: string
beforeAll(async () => {
  site = new Site()
  url = (await site.serve()).url
  await site.json('add-account', '--kind', 'agent', '--handle', 'ada')
})
afterAll(() => site[Symbol.asyncDispose]())

const sync = <T = Record<string, unknown>>(...words: string[]) =>
  site.json<T>('admin', 'configsync', ...words)
const failing = async (...words: string[]) => {
  const { code, stderr } = await site.run('configsync', ...words)
  return { code, stderr }
}

test('an account is enabled, gets a token with a line to log in, and is disabled again', async () => {
  expect(await sync('enable', 'ada')).toMatchObject({ handle: 'ada', enabled: true })
  const issued = await sync<{ id: string; token: string; _next: string }>(
    ...['token', 'issue', 'ada', '--label', 'laptop', '--expires', '90d'],
  )
  expect(issued.token).toMatch(/^cs_/)
  expect(issued._next).toBe(`configsync login --api-url ${url} --token ${issued.token}`)
  const verify = () =>
    fetch(`${url}/api/auth/verify`, { headers: { authorization: `Bearer ${issued.token}` } })
  expect((await verify()).status).toBe(200)
  expect(await sync<unknown[]>('token', 'list', 'ada')).toMatchObject([
    { id: issued.id, label: 'laptop', scopes: ['configsync:sync'], revoked_at: null },
  ])
  await sync('disable', 'ada')
  expect((await verify()).status).toBe(403)
  await sync('enable', 'ada')
  await sync('token', 'revoke', 'ada', issued.id)
  expect((await verify()).status).toBe(401)
})

test('limits are set, shown and taken back', async () => {
  expect(await sync('quota', 'ada', '--machines', '25', '--bytes', '1000')).toMatchObject({
    machine_limit: 25,
    storage_limit: 1000,
  })
  expect(await sync('quota', 'ada', '--machines', 'default')).toMatchObject({
    machine_limit: 10,
    storage_limit: 1000,
  })
  expect(await sync('usage', 'ada')).toEqual(await sync('quota', 'ada'))
  expect(await sync<unknown[]>('usage')).toHaveLength(1)
  expect((await failing('quota', 'ada', '--bytes', 'many')).code).toBe(2)
})

test('the help of a family lists its commands, and an unknown one is a wrong command line', async () => {
  const help = await site.run('configsync', '--help')
  expect(help.code).toBe(0)
  expect(help.stdout).toContain('configsync token issue')
  const inner = await site.run('configsync', 'token', '--help')
  expect(inner.stdout).toContain('configsync token revoke')
  expect(inner.stdout).not.toContain('configsync enable')
  const none = await failing('token')
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('configsync token needs a command')])
  const unknown = await failing('token', 'isue', 'ada')
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('configsync token issue')])
})

describe('what destroys data', () => {
  test('asks for a word that says so', async () => {
    expect(await failing('keypair', 'reset', 'ada')).toEqual({
      code: 2,
      stderr: expect.stringContaining('--i-understand-data-loss'),
    })
    expect((await failing('keypair', 'reset', 'ada', '--i-understand-data-loss')).code).toBe(4)
  })

  test('is done for a whole account at last', async () => {
    expect(await sync('purge', 'ada', '--yes')).toEqual({ handle: 'ada' })
    expect((await failing('usage', 'ada')).code).toBe(4)
  })
})
