import { expect, test } from 'bun:test'
import type { Directory } from '../../../src/core/access/directory'
import { AckSettling } from '../../../src/core/inbox/ack-settling'
import type { Account } from '../../../src/core/kernel/entities'
import type { Store } from '../../../src/core/kernel/ports'
import { toMicros } from '../../../src/core/kernel/time'
import type { LogEvent } from '../../../src/core/log/events'

const account = { id: 7 } as Account
const acked: LogEvent = {
  ...{ type: 'ack.position', about: 'account', account, facts: {} },
  ...{ seq: 1, at: toMicros(1), actor: account },
}

/** The settling over a store that finds nothing to mark. `during` is called in the middle of a transaction. */
function settlingOver(during: (settling: AckSettling) => void): AckSettling {
  const store = {
    transact: async () => {
      during(settling)
      return { hasMore: false, told: 0 }
    },
  }
  const directory = { retryUntilLoaded: (work: () => unknown) => work() }
  const settling = new AckSettling({
    store: store as unknown as Store,
    directory: directory as unknown as Directory,
  })
  return settling
}

test('an acknowledgement that comes while an earlier one is settled is settled next', async () => {
  let transactions = 0
  const settling = settlingOver((own) => {
    if (transactions++ === 0) own.apply(acked)
  })
  settling.apply(acked)
  await settling.settle(100)
  expect(settling.hasWork).toBeTrue()
  await settling.settle(100)
  expect(settling.hasWork).toBeFalse()
  expect(transactions).toBe(2)
})

test('what fails is settled later', async () => {
  const failing = settlingOver(() => {
    throw new Error('the store is away')
  })
  failing.apply(acked)
  expect(await failing.settle(100).catch(String)).toContain('the store is away')
  expect(failing.hasWork).toBeTrue()
})
