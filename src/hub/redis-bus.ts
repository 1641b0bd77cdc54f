import { RedisClient } from 'bun'
import { type Bus, BusDown, type BusListener, Outgoing, packed, RECONNECT_MILLISECONDS, unpack } from './bus'

const CHANNEL = 'synapse'

/** Publish and subscribe on a Redis or Valkey server, which keeps nothing. */
export function openRedisBus(url: string, listener: BusListener, report: (fault: unknown) => void): Bus {
  const self = crypto.randomUUID()
  let closed = false
  let isReported = false
  let sender = client()
  let receiver = client()
  void subscribe()
  const outgoing = new Outgoing(
    async (topic, text) => {
      if (!sender.connected) await sender.connect()
      await sender.publish(CHANNEL, packed(self, topic, text))
    },
    () => {
      sender.close()
      if (!closed) sender = client()
    },
  )

  /** The client of the driver gives up after a while; a new one is made for every attempt here. */
  function client(): RedisClient {
    return new RedisClient(url, { autoReconnect: false, enableOfflineQueue: false, connectionTimeout: 5000 })
  }

  async function subscribe(): Promise<void> {
    try {
      const fresh = client()
      receiver = fresh
      await fresh.connect()
      await fresh.subscribe(CHANNEL, (message) => unpack(message, self, listener))
      fresh.onclose = () => retry()
      isReported = false
    } catch (fault) {
      // Said once: until it is back, the database is asked every second.
      if (!isReported && !closed) report(new BusDown(String(fault)))
      isReported = true
      retry()
    }
  }

  function retry(): void {
    if (!closed) setTimeout(() => void (closed || subscribe()), RECONNECT_MILLISECONDS).unref()
  }

  return {
    send: (topic, text) => outgoing.push(topic, text),
    close: async () => {
      closed = true
      sender.close()
      receiver.close()
    },
  }
}
