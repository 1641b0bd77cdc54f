import type { Secrets } from '../../kernel/ids'
import type { DeviceName } from '../login/devices'

/** Events of which the transaction ids are kept. */
const CAPACITY = 20_000

/**
 * The transaction ids with which devices have sent events. A repeated request finds its answer in the store; here is what
 * the sending device is shown of its own events, so that it recognises them.
 */
export class SentTransactions {
  private readonly ids = new Map<string, string>()

  constructor(private readonly secrets: Pick<Secrets, 'sha256'>) {}

  /** Returns the retry key of a request with a transaction id. `path` is decoded. */
  keyOf(device: DeviceName, method: string, path: string): string {
    return `mx:${this.secrets.sha256(`${device.id}|${method}|${path}`)}`
  }

  note(device: DeviceName, eventId: string, transactionId: string): void {
    const [oldest] = this.ids.keys()
    if (this.ids.size >= CAPACITY && oldest !== undefined) this.ids.delete(oldest)
    this.ids.set(nameOf(device, eventId), transactionId)
  }

  /** Returns the transaction id with which the device sent an event; undefined for any other event. */
  of(device: DeviceName, eventId: string): string | undefined {
    return this.ids.get(nameOf(device, eventId))
  }
}

function nameOf({ id }: DeviceName, eventId: string): string {
  return `${id} ${eventId}`
}
