import { loadConfig, settingRegistry } from '../../src/config'
import { createCore } from '../../src/core'
import type { Clock } from '../../src/core/kernel/time'
import type { Catalogue } from '../../src/core/log/catalogue'
import type { LogEvent } from '../../src/core/log/events'
import { Hub, OpenLongPolls } from '../../src/hub'
import { argonPasswords, systemSecrets, systemTurns } from '../../src/platform'
import { retrySecrets } from '../../src/platform/encryption'
import { pairSecrets } from '../../src/platform/pair-secrets'
import { tokenSigner } from '../../src/platform/signed-tokens'
import type { OpenStore } from '../../src/store'
import { unusedBlobs } from './unused-blobs'
import { webhookPorts } from './webhook-ports'

/** The real core and the real hub over a store, without any surface. `publish` is what the server's sockets would get. */
export async function liveCore(
  { store, clock }: { readonly store: OpenStore; readonly clock: Clock },
  catalogue: Catalogue,
  publish: (topic: string, event: LogEvent) => number,
) {
  const longPolls: OpenLongPolls = new OpenLongPolls(() => core.log.head)
  const report = (fault: unknown) => {
    throw fault
  }
  const core = await createCore({
    ...{ catalogue, store, clock, longPolls, report },
    blobs: unusedBlobs,
    settings: settingRegistry(loadConfig({ env: { HOME: '/nowhere' }, cwd: '/', command: 'serve' })),
    turns: systemTurns,
    secrets: systemSecrets,
    passwords: argonPasswords(),
    pairSecrets: pairSecrets(new Uint8Array(32), 'did:key:test'),
    retrySecrets: retrySecrets(new Uint8Array(32)),
    tokenSigner: tokenSigner(new Uint8Array(32)),
    webhooks: webhookPorts,
    streams: {
      openAccounts: () => hub.openAccounts(),
      hasReaders: true,
      hasStreams: true,
      frame: (frame) => hub.frame(frame),
    },
  })
  const { directory, policy, feed, pace } = core
  const hub: Hub = new Hub(
    {
      ...{ catalogue, directory, policy, feed, clock, pace },
      ...{ publish, notified: () => {}, ended: () => {}, streamChanged: () => {}, report },
    },
    longPolls,
    core.log.head,
  )
  store.onCommit((events) => hub.announce(events))
  return { core, hub, [Symbol.dispose]: () => hub.stop() }
}
