import { describe, expect, test } from 'bun:test'
import { settingRegistry } from '../../src/config'
import { createCore } from '../../src/core'
import type { Actor, Person } from '../../src/core/identity/actor'
import type { Account, Channel } from '../../src/core/kernel/entities'
import type { AppError } from '../../src/core/kernel/errors'
import { eventCatalogue } from '../../src/core/log/catalogue'
import { OpenLongPolls } from '../../src/hub'
import { argonPasswords, systemSecrets, systemTurns } from '../../src/platform'
import { retrySecrets } from '../../src/platform/encryption'
import { pairSecrets } from '../../src/platform/pair-secrets'
import { tokenSigner } from '../../src/platform/signed-tokens'
import { loading } from '../config/loading'
import { type EngineName, engines, openEngine } from '../store/engines'
import { unusedBlobs } from '../support/unused-blobs'
import { webhookPorts } from '../support/webhook-ports'

const operator: Actor = { via: 'operator' }

using here = loading()
const settings = settingRegistry(here.load({ SYNAPSE_RATE_LOGIN: 'off' }))

/** The core over a real store, with ann in a channel. She may post there, and is an administrator. */
async function scene(name: EngineName, passwords = argonPasswords()) {
  const engine = await openEngine(name)
  const longPolls: OpenLongPolls = new OpenLongPolls(() => core.log.head)
  const core = await createCore({
    catalogue: eventCatalogue,
    store: engine.store,
    blobs: unusedBlobs,
    settings,
    clock: engine.clock,
    turns: systemTurns,
    secrets: systemSecrets,
    passwords,
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
  const account = await core.accounts.create(operator, { kind: 'agent', handle: 'ann' })
  const { channel } = await core.channels.create(operator, { slug: 'plans', name: 'Plans' })
  await core.memberships.add(operator, 'ann', 'plans', 'member')
  const { token } = await core.tokens.issue(operator, { handle: 'ann', scopes: ['admin:*'] })
  const ann: Person = { via: 'token', account, token }
  const post = (body: string) =>
    core.messages.post(ann, {
      channel: 'plans',
      body,
      format: 'markdown',
      threadId: null,
      replyTo: null,
      kind: 'message',
      priority: 'normal',
      metadata: {},
      clientMessageId: null,
      idempotency: null,
    })
  // From here on everything that a judgement looks up is in memory, as in a running server.
  await post('first')
  return {
    core,
    ann,
    channel,
    post,
    store: engine.store,
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  }
}

type Scene = Awaited<ReturnType<typeof scene>>

/** Ways to lose a right, and the error of the next request. */
const losses: [string, (s: Scene) => Promise<unknown>, string][] = [
  ['the revocation of its token', (s) => s.core.tokens.revoke(operator, tokenOf(s.ann)), 'invalid_token'],
  [
    'the archiving of its account',
    (s) => s.core.accounts.archive(operator, s.ann.account.uuid),
    'account_unavailable',
  ],
]
const roomLosses: [string, (s: Scene) => Promise<unknown>, string][] = [
  ...losses,
  [
    'the end of its membership',
    (s) => s.core.memberships.remove(operator, s.ann.account.uuid, s.channel.uuid),
    'not_a_member',
  ],
  [
    'a change to the role read_only',
    (s) => s.core.memberships.setRole(operator, s.ann.account.uuid, s.channel.uuid, 'read_only'),
    'read_only_role',
  ],
  [
    'the archiving of its channel',
    (s) => s.core.channelUpdates.updateAny(operator, s.channel.uuid, { archived: true }),
    'channel_archived',
  ],
]

function tokenOf(actor: Person) {
  if (actor.via !== 'token') throw new Error('not a token')
  return actor.token.uuid
}

/** Every administrative act of ann, which would leave something behind. */
const acts: [string, (s: Scene) => Promise<unknown>][] = [
  ['the creation of an account', (s) => s.core.accounts.create(s.ann, { kind: 'agent', handle: 'new' })],
  ['the creation of a channel', (s) => s.core.channels.create(s.ann, { slug: 'new', name: 'New' })],
  ['the issue of a token', (s) => s.core.tokens.issue(s.ann, { handle: 'ann', scopes: ['admin:*'] })],
  ['an onboarding', (s) => s.core.onboarding.onboard(s.ann, { handle: 'new', channels: ['plans'] })],
  ['a change of a profile', (s) => s.core.accounts.update(s.ann, s.ann.account.uuid, { about: 'x' })],
  [
    'the archiving of its channel',
    (s) => s.core.channelUpdates.updateAny(s.ann, s.channel.uuid, { archived: true }),
  ],
]

describe.each(engines)('posts queued on %s', (engine) => {
  test.each(roomLosses)('a post queued behind %s is refused', async (_, lose, reason) => {
    await using s = await scene(engine)
    const [lost, posted] = await Promise.allSettled([lose(s), s.post('too late')])
    expect(lost.status).toBe('fulfilled')
    expect(posted).toMatchObject({ status: 'rejected', reason: { reason } })
    expect(await bodies(s.channel, s)).toEqual(['first'])
  })

  test.each(roomLosses)('a post queued before %s is written', async (_, lose) => {
    await using s = await scene(engine)
    const [posted, lost] = await Promise.allSettled([s.post('in time'), lose(s)])
    expect([posted.status, lost.status]).toEqual(['fulfilled', 'fulfilled'])
    expect(await bodies(s.channel, s)).toEqual(['first', 'in time'])
  })
})

const losing = engines.flatMap(([engine]) => losses.map((row) => [engine, ...row] as const))
describe.each(losing)('write commands queued on %s behind %s', (engine, _, lose, reason) => {
  test.each(acts)('%s is refused', async (_what, act) => {
    await using s = await scene(engine)
    // The administrator is known already, so nothing has to be read first.
    await s.core.accounts.update(s.ann, s.ann.account.uuid, { about: 'seen' })
    const [lost, done] = await Promise.allSettled([lose(s), act(s)])
    expect(lost.status).toBe('fulfilled')
    expect(done).toMatchObject({ status: 'rejected', reason: { reason } })
    expect(await s.store.reads.account({ handle: 'new' })).toBeUndefined()
    expect(await s.store.reads.channel({ slug: 'new' })).toBeUndefined()
    expect(await s.store.reads.listTokens(s.ann.account.id, { after: '', limit: 10 })).toHaveLength(1)
    expect(await s.store.reads.account({ handle: 'ann' })).toMatchObject({ about: 'seen' })
    expect(await s.store.reads.channel({ slug: 'plans' })).toMatchObject({ archivedAt: null })
  })
})

async function bodies(channel: Channel, { store }: Scene): Promise<string[]> {
  const of = { channelIds: [channel.id] }
  const places = await store.reads.messagePositions({ of, after: 0, before: 1e9, order: 'asc', limit: 10 })
  return (await store.reads.messagesBySeq(places.map(({ seq }) => seq))).map(({ body }) => body)
}

describe.each(engines)('a sign-in on %s during its password check', (engine) => {
  const meanwhile: [string, (core: Scene['core'], uuid: Account['uuid']) => Promise<unknown>][] = [
    ['when the account is archived', (core, uuid) => core.accounts.archive(operator, uuid)],
    [
      'when the password is changed',
      (core, uuid) => core.accounts.update(operator, uuid, { password: 'another one' }),
    ],
  ]
  test.each(meanwhile)('a sign-in is refused %s during its password check', async (_, change) => {
    const { promise: looking, resolve: look } = Promise.withResolvers<void>()
    const { promise: changed, resolve: go } = Promise.withResolvers<void>()
    await using s = await scene(engine, {
      ...argonPasswords(),
      verify: async () => {
        look()
        await changed
        return true
      },
    })
    const bob = await s.core.accounts.create(operator, {
      kind: 'human',
      handle: 'bob',
      password: 'the first one',
    })
    const login = s.core.sessions.login('bob', 'the first one', { address: null, userAgent: null })
    const refused = login.then(
      () => 'signed in',
      (error: AppError) => error.reason,
    )
    await looking
    await change(s.core, bob.uuid)
    go()
    expect(await refused).toBe('invalid_credentials')
  })
})
