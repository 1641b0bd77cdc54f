import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { RedisClient } from 'bun'
import { isAlive } from '../../src/home'
import { rejectionOf } from '../home/temporary'
import { redisMissing, startRedis } from './redis'

setDefaultTimeout(120_000)

describe.skipIf(redisMissing)('the Redis of the tests', () => {
  test('a test Redis is on the same port again after it was stopped and after it was killed', async () => {
    await using server = await startRedis()
    for (const end of ['stop', 'kill'] as const) {
      expect(await ping(server.url)).toBe('PONG')
      await server[end]()
      expect(server.pid).toBeUndefined()
      expect(await rejectionOf(ping(server.url))).toBeInstanceOf(Error)
      await server.start()
    }
    expect(await ping(server.url)).toBe('PONG')
  })

  test('a test Redis requires its password', async () => {
    await using server = await startRedis({ password: 'p@ss "word"' })
    expect(await ping(server.url)).toBe('PONG')
    const without = new URL(server.url)
    without.password = ''
    expect(await rejectionOf(ping(without.href))).toBeInstanceOf(Error)
  })

  test('a disposed test Redis leaves no process', async () => {
    const server = await startRedis()
    const { pid } = server
    await server[Symbol.asyncDispose]()
    expect(pid && isAlive(pid)).toBe(false)
  })
})

async function ping(url: string): Promise<string> {
  const client = new RedisClient(url, { autoReconnect: false, connectionTimeout: 2000 })
  try {
    return await client.send('PING', [])
  } finally {
    client.close()
  }
}
