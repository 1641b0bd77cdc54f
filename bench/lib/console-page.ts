import { BrowserPage, desktop } from '../../test/support/browser'
import { seedMessages } from './seed'
import { type Synapse, startSynapse } from './synapse'
import { waitFor } from './wait'

const PASSWORD = 'correct horse battery staple'

/** A server with the channels `room` (large) and `busy`, an agent that posts there, and a person who is signed in. */
export interface Office extends AsyncDisposable {
  /** Posts to a channel as the agent. */
  post(channel: 'room' | 'busy', body: string): Promise<void>
  /** Opens the console at a path, with an empty cache. `before`: runs before the code of the page. */
  open(path: string, before?: string): Promise<BrowserPage>
}

/** `count`: messages in `room`. `busy` has 60. */
export async function openOffice(count: number): Promise<Office> {
  const first = await startSynapse({ keepHome: true })
  const { home } = first
  await first.agent('poster', ['room'])
  await first[Symbol.asyncDispose]()
  seedMessages(home, count, (index) => `message ${index} ${'word '.repeat((index * 31) % 40)}`)
  const server = await startSynapse({ home })
  const origin = `http://127.0.0.1:${server.port}`
  const token = await server.agent('poster', ['room', 'busy'])
  const session: Bun.Cookie = await signIn(server, origin)
  const post = async (channel: string, body: string) => {
    const { ok, status } = await fetch(`${origin}/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ channel, body }),
    })
    if (!ok) throw new Error(`a post was refused with ${status}`)
  }
  for (let i = 0; i < 60; i++) await post('busy', `message ${i}`)
  return {
    post,
    open: async (path, before = '') => {
      const page = await BrowserPage.open('about:blank', desktop)
      await page.cdp('Page.enable')
      await page.cdp('Network.setCacheDisabled', { cacheDisabled: true })
      await page.cdp('Page.addScriptToEvaluateOnNewDocument', { source: before })
      const { name, value } = session
      await page.cdp('Network.setCookie', { url: origin, name, value, httpOnly: true })
      await page.navigate(`${origin}${path}`)
      return page
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function signIn(server: Synapse, origin: string): Promise<Bun.Cookie> {
  await server.admin('POST', '/v1/admin/accounts', { handle: 'ada', kind: 'human', password: PASSWORD })
  for (const channel_slug of ['room', 'busy'])
    await server.admin('POST', '/v1/admin/memberships', {
      account_handle: 'ada',
      channel_slug,
      role: 'member',
    })
  const answer = await fetch(`${origin}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ handle: 'ada', password: PASSWORD }),
  })
  const session = answer.headers
    .getSetCookie()
    .map((text) => new Bun.Cookie(text))
    .find(({ name }) => name.startsWith('synapse_session'))
  if (!session) throw new Error(`no session: ${answer.status} ${answer.headers.getSetCookie()}`)
  return session
}

/** The first truthy value of an expression of the page. */
export function comes<Result>(page: BrowserPage, expression: string): Promise<NonNullable<Result>> {
  return waitFor(expression, async () => (await page.value<Result>(expression)) || undefined)
}
