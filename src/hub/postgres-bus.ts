import type { Sql } from 'postgres'
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

const CHANNEL = 'synapse'

/** Ending a dead connection may fail; the failure means nothing. */
const ignored = () => {}

function codeOf(fault: unknown): string {
  return fault instanceof Error && 'code' in fault ? String(fault.code) : 'no reason given'
}

/** Opens a separate connection to the store's database. */
type Connect = (options: {
  readonly name: string
  readonly onnotify?: (channel: string, message: string) => void
  readonly onclose?: () => void
}) => Sql

/**
 * Opens a bus over LISTEN and NOTIFY on the store's database. A notification is sent after the commit it announces, not
 * inside the transaction: there, NOTIFY would serialize all commits of the database.
 */
export function openPostgresBus(
  connect: Connect,
  listener: BusListener,
  report: (fault: unknown) => void,
): Bus {
  const self = crypto.randomUUID()
  let closed = false
  let problem: string | null = null
  const options = { name: 'synapse bus' }
  let sender = connect(options)
  let receiver = listen()
  const outgoing = new Outgoing(
    async (topic, text) => sender`SELECT pg_notify(${CHANNEL}, ${packed(self, topic, text)})`,
    () => {
      background(sender.end({ timeout: 0 }), ignored)
      if (!closed) sender = connect(options)
    },
    report,
  )

  /** Opens a connection that listens. A broken one is replaced by a new one. */
  function listen(isAgain = false): Sql {
    let isOver = false
    const again = (fault?: unknown) => {
      if (closed || isOver) return
      isOver = true
      clearInterval(beat)
      if (fault !== undefined && !isAgain) report(new BusDown(`LISTEN fails (${codeOf(fault)})`))
      problem = fault === undefined ? 'its connection broke' : `LISTEN fails (${codeOf(fault)})`
      background(connection.end({ timeout: 0 }), ignored)
      setTimeout(() => {
        if (!closed) receiver = listen(true)
      }, RECONNECT_MILLISECONDS).unref()
    }
    const connection = connect({
      ...options,
      onnotify: (_, message) => unpack(message, self, listener),
      onclose: () => again(),
    })
    // An idle connection gives no sign of its death, so it is queried regularly.
    const beat = setInterval(async () => {
      if (closed) clearInterval(beat)
      else if (!(await isDone(connection`SELECT 1`))) again()
    }, BEAT_MILLISECONDS)
    beat.unref()
    connection.unsafe(`LISTEN ${CHANNEL}`).then(() => {
      problem = null
    }, again)
    return connection
  }

  return {
    send: (topic, text) => outgoing.push(topic, text),
    get problem() {
      return problem
    },
    close: async () => {
      closed = true
      await Promise.all([sender.end({ timeout: 1 }), receiver.end({ timeout: 1 })])
    },
  }
}
