import { expect, test } from 'bun:test'
import { settingRegistry } from '../../src/config'
import { createCore } from '../../src/core'
import type { SettingValues } from '../../src/core/governance/settings'
import type { Actor } from '../../src/core/identity/actor'
import { eventCatalogue } from '../../src/core/log/catalogue'
import { credentialOf } from '../../src/http/auth'
import { notePeer } from '../../src/http/client'
import { OpenLongPolls } from '../../src/hub'
import { argonPasswords, systemSecrets, systemTurns } from '../../src/platform'
import { retrySecrets } from '../../src/platform/encryption'
import { pairSecrets } from '../../src/platform/pair-secrets'
import { tokenSigner } from '../../src/platform/signed-tokens'
import { loading } from '../config/loading'
import { openEngine } from '../store/engines'
import { unusedBlobs } from '../support/unused-blobs'
import { webhookPorts } from '../support/webhook-ports'

/**
 * Row 5 of docs/contract/authentication.md#acting-as-another-account: a run that asks for no credential. The other rows
 * are in actor-header.test.ts.
 */
const flags = {
  'both off': {},
  strict_actor_header: { strict_actor_header: true },
  strict_impersonation_enforcement: { strict_impersonation_enforcement: true },
  'both on': { strict_actor_header: true, strict_impersonation_enforcement: true },
} satisfies Record<string, Partial<SettingValues>>

async function scene(values: Partial<SettingValues>) {
  const engine = await openEngine()
  const longPolls: OpenLongPolls = new OpenLongPolls(() => core.log.head)
  using here = loading()
  const env = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [`SYNAPSE_${key.toUpperCase()}`, String(value)]),
  )
  const core = await createCore({
    catalogue: eventCatalogue,
    store: engine.store,
    blobs: unusedBlobs,
    settings: settingRegistry(here.load(env)),
    clock: engine.clock,
    turns: systemTurns,
    secrets: systemSecrets,
    passwords: argonPasswords(),
    pairSecrets: pairSecrets(new Uint8Array(32), 'did:key:test'),
    retrySecrets: retrySecrets(new Uint8Array(32)),
    tokenSigner: tokenSigner(new Uint8Array(32)),
    webhooks: webhookPorts,
    streams: { openAccounts: () => [], hasReaders: false, hasStreams: false, frame: async () => {} },
    longPolls,
    report: (fault) => {
      throw fault
    },
  })
  await core.accounts.create({ via: 'operator' }, { kind: 'agent', handle: 'ann' })
  const ask = async (headers: Record<string, string>): Promise<Actor> => {
    const request = new Request('http://localhost/v1/auth/me', { headers })
    notePeer(request, { transport: 'tcp', address: '127.0.0.1', secure: false, rescue: true })
    return core.authentication.identify(credentialOf(core, request), false)
  }
  return { ask, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() }
}

test.each(Object.entries(flags))(
  'a server in rescue mode judges the actor header as documented with these settings: %s',
  async (_, values) => {
    await using s = await scene(values)
    expect(await s.ask({})).toEqual({ via: 'operator' })
    const claim = s.ask({ 'x-synapse-actor': 'ann' })
    if (!('strict_actor_header' in values))
      expect(await claim).toMatchObject({
        via: 'acting',
        account: { handle: 'ann' },
        principal: { via: 'operator' },
      })
    else {
      await expect(claim).rejects.toMatchObject({ reason: 'actor_header_unauthenticated' })
      for (const pretence of [{ authorization: 'Basic YTpi' }, { 'sec-websocket-protocol': 'bearer.x' }])
        await expect(s.ask({ 'x-synapse-actor': 'ann', ...pretence })).rejects.toThrow()
    }
  },
)
