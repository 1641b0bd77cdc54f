import { expect, setDefaultTimeout, test } from 'bun:test'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

interface Pause {
  readonly id: string
  readonly channel: string | null
  readonly account: { readonly handle: string } | null
  readonly until: string | null
}

test('pause stops an agent, resume names what it ends, and both work with a server and without', async () => {
  await using site = new Site()
  const { agent } = await site.json<{ agent: { token: string } }>('quickstart', '--yes', '--json')
  const everywhere = await site.json<Pause>('pause')
  expect(everywhere).toMatchObject({ channel: null, account: null, until: null })
  const server = await site.serve()
  const post = async () => {
    const answer = await fetch(`${server.url}/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${agent.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ channel: 'general', body: 'hi' }),
    })
    return answer.status
  }
  expect(await post()).toBe(429)
  expect(await site.json<Pause>('resume')).toEqual(everywhere)
  expect(await post()).toBe(201)
  const one = await site.json<Pause>('pause', 'assistant', '--channel', 'general', '--minutes', '5')
  expect(one).toMatchObject({ channel: 'general', account: { handle: 'assistant' } })
  expect(await post()).toBe(429)
  const missing = await site.run('resume', 'assistant')
  expect(missing.code).toBe(4)
  expect(missing.stderr).toContain('paused are: @assistant in #general')
  expect(await site.json<Pause>('resume', 'Assistant', '--channel', 'General')).toEqual(one)
  expect(await post()).toBe(201)
  expect((await site.run('pause', 'assistant', '--minutes', 'soon')).code).toBe(2)
  expect((await site.run('pause', 'nobody')).code).toBe(4)
})
