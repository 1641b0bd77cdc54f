import { RedisClient } from 'bun'
import { background } from '../core/kernel/background'
import {
  BEAT_MILLISECONDS,
  type Bus,
  BusDown,
  type BusListener,
  isDone,
  Outgoing,
  packed,
  RECONNECT_MILLISECONDS,
  unpack,
} from './bus'
import { probeRedis, type RedisFault } from './redis-probe'

const REDIS_CHANNEL = 'synapse'

/** Looks whether a server is of use as a bus. */
export function examineRedis(url: string): Promise<RedisFault | undefined> {
  return probeRedis(url, REDIS_CHANNEL)
}

/** Publish and subscribe on a Redis or Valkey server, which keeps nothing. */
export function openRedisBus(url: string, listener: BusListener, report: (fault: unknown) => void): Bus {
  const self = crypto.randomUUID()
  let closed = false
  let problem: string | null = null
  let looking = false
  let sender = client()
  let receiver = client()
  background(subscribe(), report)
  const outgoing = new Outgoing(
    async (topic, text) => {
      if (!sender.connected) await sender.connect()
      await sender.publish(REDIS_CHANNEL, packed(self, topic, text))
    },
    () => {
      sender.close()
      if (!closed) sender = client()
      background(look(), report)
    },
    report,
  )

  /** The client of the driver gives up after a while; a new one is made for every attempt here. */
  function client(): RedisClient {
    return new RedisClient(url, { autoReconnect: false, enableOfflineQueue: false, connectionTimeout: 5000 })
  }

  async function subscribe(): Promise<void> {
    let beat: Timer | undefined
    const fresh = client()
    receiver = fresh
    try {
      await fresh.connect()
      await fresh.subscribe(REDIS_CHANNEL, (message) => unpack(message, self, listener))
      const again = () => {
        clearInterval(beat)
        fresh.onclose = () => {}
        fresh.close()
        retry()
      }
      // Nothing may ever come over it: that it is dead shows when it is asked.
      beat = setInterval(async () => {
        if (closed) clearInterval(beat)
        else if (!(await isDone(fresh.ping()))) again()
        // It hears, and could not speak: somebody may have mended that.
        else if (problem !== null) await look()
      }, BEAT_MILLISECONDS)
      beat.unref()
      fresh.onclose = again
    } catch {
      fresh.close()
      retry()
    }
    await look()
  }

  function retry(): void {
    if (closed) return
    const attempt = () => {
      if (!closed) background(subscribe(), report)
    }
    setTimeout(attempt, RECONNECT_MILLISECONDS).unref()
  }

  /** Finds out whether it works, and says once why it does not: until it does, the database is asked every second. */
  async function look(): Promise<void> {
    if (looking || closed) return
    looking = true
    const fault = await examineRedis(url)
    looking = false
    if (closed) return
    if (fault !== undefined && problem === null) report(new BusDown(`${fault.problem}: ${fault.remedy}`))
    problem = fault?.problem ?? null
  }

  return {
    send: (topic, text) => outgoing.push(topic, text),
    get problem() {
      return problem
    },
    close: async () => {
      closed = true
      sender.close()
      receiver.close()
    },
  }
}
