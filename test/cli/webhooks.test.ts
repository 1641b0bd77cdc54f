import { expect, setDefaultTimeout, test } from 'bun:test'
import { Receiver } from '../support/receiver'
import { Site } from '../support/site'
import { until } from '../support/sockets'

setDefaultTimeout(120_000)

interface Push {
  readonly account: string
  readonly enabled: boolean
  readonly webhook_url: string | null
  readonly has_secret: boolean
  readonly secret?: string
  readonly _warning?: string
}
interface Delivery {
  readonly id: string
  readonly state: string
  readonly attempts: readonly { readonly status: number | null }[]
}

test('set-push has the server call an agent; the deliveries are listed and sent again; disable-push ends it', async () => {
  await using site = new Site()
  using receiver = new Receiver()
  await site.json('quickstart', '--yes', '--json')
  const set = await site.json<Push>('set-push', '--account', 'assistant', '--webhook-url', receiver.url)
  expect(set).toMatchObject({
    account: 'assistant',
    enabled: true,
    webhook_url: receiver.url,
    has_secret: true,
  })
  expect(set.secret).toMatch(/^whsec_/)
  expect(set._warning).toBeString()
  const own = await site.json<Push>(
    'set-push',
    '--account',
    'assistant',
    '--webhook-url',
    receiver.url,
    '--secret',
    's3cret',
  )
  expect(own.secret).toBe('s3cret')
  const server = await site.serve()
  const { token } = await site.json<{ token: string }>(
    'onboard-agent',
    '--handle',
    'bo',
    '--channels',
    'general',
  )
  await fetch(`${server.url}/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ channel: 'general', body: '@assistant hi' }),
  })
  await until('the call', () => receiver.received.length === 1)
  const deliveries = () =>
    site.json<{ deliveries: Delivery[] }>('webhooks', 'deliveries', '--account', 'assistant')
  await until('its end', async () => (await deliveries()).deliveries[0]?.state === 'delivered')
  const [delivery] = (await deliveries()).deliveries
  expect(delivery?.attempts).toMatchObject([{ status: 202 }])
  expect(await site.json<{ id: string }>('webhooks', 'redeliver', delivery?.id ?? '')).toEqual({
    id: delivery?.id ?? '',
  })
  await until('the second call', () => receiver.received.length === 2)
  expect((await site.run('webhooks', 'redeliver', 'x')).code).toBe(4)
  const { webhooks } = await site.json<{ webhooks: { id: string; account_handle: string }[] }>(
    'webhooks',
    'list',
  )
  expect(webhooks).toMatchObject([{ id: 'push', account_handle: 'assistant' }])
  expect(await site.json<Push>('disable-push', '--account', 'assistant')).toEqual({
    ...{ account: 'assistant', enabled: false, webhook_url: null, has_secret: false },
  })
})
