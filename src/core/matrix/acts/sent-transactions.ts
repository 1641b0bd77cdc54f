import type { Secrets } from '../../kernel/ids'
import type { StoredEvent } from '../event-ports'
import type { DeviceName } from '../login/devices'

/**
 * The transaction ids with which devices send events. A repeated request finds its answer by its retry key. Each event has
 * its transaction beside it, so that the device that has sent it recognises it.
 */
export class SentTransactions {
  constructor(private readonly secrets: Pick<Secrets, 'sha256'>) {}

  /** Returns the retry key of a request with a transaction id. `path` is decoded. */
  keyOf(device: DeviceName, method: string, path: string): string {
    return `mx:${this.secrets.sha256(`${device.id}|${method}|${path}`)}`
  }

  /** Returns a transaction as it is stored with its event. */
  nameOf({ id }: DeviceName, transactionId: string): string {
    return `${id} ${transactionId}`
  }

  /** Returns the transaction id with which the device has sent an event; undefined for any other event. */
  of({ id }: DeviceName, { sentAs }: Pick<StoredEvent, 'sentAs'>): string | undefined {
    const own = `${id} `
    return sentAs?.startsWith(own) ? sentAs.slice(own.length) : undefined
  }
}
