import { expect, setDefaultTimeout, test } from 'bun:test'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

test.each(['SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const)('%s does not stop a server', async (name) => {
  await using site = new Site()
  const server = await site.serve()
  server.signal(name)
  for (let request = 0; request < 3; request++)
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  expect(await server.stop()).toBe(0)
})
