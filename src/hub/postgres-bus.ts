import postgres from 'postgres'
import { type Bus, BusDown, type BusListener, Outgoing, packed, RECONNECT_MILLISECONDS, unpack } from './bus'

const CHANNEL = 'synapse'
const CONNECT_SECONDS = 5

/**
 * LISTEN and NOTIFY on the database of the store. A notification is sent by itself, after the commit it speaks of:
 * inside the transaction it would make all commits of the database wait for each other.
 */
export function openPostgresBus(url: string, listener: BusListener, report: (fault: unknown) => void): Bus {
  const self = crypto.randomUUID()
  let closed = false
  const options = {
    max: 1,
    connect_timeout: CONNECT_SECONDS,
    max_lifetime: null,
    keep_alive: 10,
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: 'synapse bus' },
  }
  let sender = postgres(url, options)
  let receiver = listen()
  const outgoing = new Outgoing(
    async (topic, text) => sender`SELECT pg_notify(${CHANNEL}, ${packed(self, topic, text)})`,
    () => {
      void sender.end({ timeout: 0 }).catch(() => {})
      if (!closed) sender = postgres(url, options)
    },
  )

  /** A connection that listens, and is replaced by a new one when it breaks. */
  function listen(isAgain = false): postgres.Sql {
    let isOver = false
    const again = (fault?: unknown) => {
      if (closed || isOver) return
      isOver = true
      if (fault !== undefined && !isAgain) report(new BusDown(fault))
      void connection.end({ timeout: 0 }).catch(() => {})
      setTimeout(() => {
        if (!closed) receiver = listen(true)
      }, RECONNECT_MILLISECONDS).unref()
    }
    // `onnotify` is an option of the driver that its types leave out.
    const connection = postgres(url, {
      ...options,
      onnotify: (_: string, message: string) => unpack(message, self, listener),
      onclose: () => again(),
    } as postgres.Options<Record<string, never>>)
    connection.unsafe(`LISTEN ${CHANNEL}`).catch(again)
    return connection
  }

  return {
    send: (topic, text) => outgoing.push(topic, text),
    close: async () => {
      closed = true
      await Promise.all([sender.end({ timeout: 1 }), receiver.end({ timeout: 1 })])
    },
  }
}
