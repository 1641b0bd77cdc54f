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

/** Checks whether a server can be used as a bus. Returns the fault, or undefined. */
export function examineRedis(url: string): Promise<RedisFault | undefined> {
  return probeRedis(url, REDIS_CHANNEL)
}

/** Opens a bus over publish and subscribe on a Redis or Valkey server, which stores nothing. */
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

  /** Bun's client stops reconnecting after a while, so each attempt uses a new client. */
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
      // An idle connection gives no sign of its death, so it is pinged regularly.
      beat = setInterval(async () => {
        if (closed) clearInterval(beat)
        else if (!(await isDone(fresh.ping()))) again()
        // Receiving works but sending failed earlier; it may work again by now.
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

  /**
   * Checks whether the bus works and reports a new fault once. While the bus is down, processes poll the database every
   * second.
   */
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
