import { expect, setDefaultTimeout, test } from 'bun:test'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

/** What the server on this home sees of a request with these headers. */
async function seen(site: Site, url: string, headers: Record<string, string>) {
  const unix = site.paths.socket
  const asked = await fetch('http://localhost/v1/admin/echo', { method: 'POST', unix })
  const { path } = (await asked.json()) as { path: string }
  return (await (await fetch(`${url}${path}/x`, { headers })).json()) as Record<string, unknown>
}

test('behind a tunnel that ends on loopback, only X-Forwarded-For gives the address of the client', async () => {
  await using site = new Site()
  const { url } = await site.serve()
  // As cloudflared sends them.
  const headers = {
    host: 'chat.example.org',
    'x-forwarded-for': '198.51.100.7',
    'x-forwarded-proto': 'https',
    'cf-connecting-ip': '203.0.113.9',
    'cf-ray': '0',
  }
  expect(await seen(site, url, headers)).toMatchObject({
    authority: 'chat.example.org',
    client: '198.51.100.7',
    secure: true,
  })
  const { 'x-forwarded-for': _, ...without } = headers
  expect(await seen(site, url, without)).toMatchObject({ client: '127.0.0.1' })
})

test('without a trusted proxy the server ignores forwarded addresses', async () => {
  await using site = new Site()
  site.environment.SYNAPSE_TRUSTED_PROXIES = '[]'
  // Two addresses, like loopback and that of a private network.
  const { url } = await site.serve('--host', '127.0.0.1,127.0.0.2')
  const other = url.replace('127.0.0.1', '127.0.0.2')
  for (const address of [url, other])
    expect(
      await seen(site, address, { 'x-forwarded-for': '198.51.100.7', 'x-forwarded-proto': 'https' }),
    ).toMatchObject({ client: expect.stringMatching(/^127\.0\.0\./), secure: false })
})
