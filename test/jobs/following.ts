import { settingRegistry } from '../../src/config'
import { createCore } from '../../src/core'
import type { Seq } from '../../src/core/kernel/ids'
import type { Clock } from '../../src/core/kernel/time'
import { eventCatalogue } from '../../src/core/log/catalogue'
import { accountEvent } from '../../src/core/log/events'
import { OpenLongPolls } from '../../src/hub'
import { createFollowers, Runner } from '../../src/jobs'
import { argonPasswords, systemSecrets, systemTurns } from '../../src/platform'
import { retrySecrets } from '../../src/platform/encryption'
import { pairSecrets } from '../../src/platform/pair-secrets'
import { tokenSigner } from '../../src/platform/signed-tokens'
import type { OpenStore } from '../../src/store'
import { loading } from '../config/loading'
import { unusedBlobs } from '../support/unused-blobs'
import { webhookPorts } from '../support/webhook-ports'

/** Follows the log of a store in a process that has only the core. */
export async function following(store: OpenStore, clock: Clock) {
  const faults: string[] = []
  const report = (fault: unknown) => faults.push((fault as Error).message)
  const longPolls: OpenLongPolls = new OpenLongPolls(() => core.log.head)
  using here = loading()
  const core = await createCore({
    catalogue: eventCatalogue,
    store,
    blobs: unusedBlobs,
    settings: settingRegistry(here.load()),
    clock,
    turns: systemTurns,
    secrets: systemSecrets,
    passwords: argonPasswords(),
    pairSecrets: pairSecrets(new Uint8Array(32), 'did:key:test'),
    retrySecrets: retrySecrets(new Uint8Array(32)),
    tokenSigner: tokenSigner(new Uint8Array(32)),
    webhooks: webhookPorts,
    streams: { openAccounts: () => [], hasReaders: false, hasStreams: false, frame: async () => {} },
    longPolls,
    report,
  })
  store.shared?.followWhile(() => false)
  const runner = new Runner({ leases: store, clock, report })
  const head = () => core.log.head
  const { catalogue, hydrate, pace } = core
  const followers = createFollowers({ catalogue, store, clock, runner, head, hydrate, report, pace })
  runner.start()
  return { core, runner, followers, faults, [Symbol.asyncDispose]: () => runner.stop() }
}

/** A transaction with an event for these endpoints; returns the event's seq once it is durable. */
export function act(store: OpenStore, handle: string, ...endpoints: string[]): Promise<Seq> {
  return store.transact(async (tx) => {
    const account = await tx.insertAccount({
      kind: 'agent',
      displayName: handle,
      email: null,
      passwordHash: null,
      isAdmin: false,
      handle,
    })
    const { seq } = await tx.append(accountEvent('account.created', account), null)
    for (const endpoint of endpoints) await tx.enqueue(endpoint, seq)
    return seq
  })
}
