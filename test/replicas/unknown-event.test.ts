// A server over a database in which a later version of this program writes, too.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { generateKeyPairSync } from 'node:crypto'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { LiveSocket } from '../support/sockets'
import { type World, world } from '../support/world'

setDefaultTimeout(60_000)

/** Appends an event as a later version does, with what it has changed. */
async function append(w: World, ...changes: string[]): Promise<void> {
  const next = '(SELECT max(seq) FROM events)'
  await w.sql(`
    WITH head AS (SELECT max(seq) + 1 AS seq, max(at) + interval '1 microsecond' AS at FROM events)
    INSERT INTO events (seq, at, type, subject) SELECT seq, at, 'future.thing', 0 FROM head`)
  for (const change of changes) await w.sql(change.replace('NEXT', next))
  await w.sql(`UPDATE log_head SET access_seq = ${next}`)
}

test.skipIf(postgresMissing)(
  'an event of an unknown type is passed over, and what it may have changed is read anew',
  async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    await using w = await world({
      settings: {
        SYNAPSE_DATABASE_URL: await (await sharedPostgres()).createDatabase(),
        SYNAPSE_INSTANCE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      },
    })
    const room = await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    const bob = await w.agent('bob', { channels: { general: 'member' } })
    using kept = await LiveSocket.open(w.url, ann.credential)
    await kept.subscribe(['general'])
    using ended = await LiveSocket.open(w.url, bob.credential)
    await ended.subscribe(['general'])
    await ann.posts(room, 'before')
    await append(
      w,
      `UPDATE tokens SET revoked_at = now() WHERE account_id = (SELECT id FROM accounts WHERE handle = 'bob')`,
      `INSERT INTO setting_changes (seq, key, value, created_at) VALUES (NEXT, 'quota.members', '77', now())`,
    )
    expect((await bob.get('/v1/auth/me')).status).toBe(401)
    expect(await ended.closedWithin(5000)).toBeDefined()
    const { limits } = (await ann.get<{ limits: object }>('/v1/server')).body
    expect(limits).toMatchObject({ members_per_channel: 77 })
    await ann.posts(room, 'after')
    for (const body of ['before', 'after'])
      expect(await kept.next('message.created')).toMatchObject({ message: { body } })

    // Where nobody listens.
    kept[Symbol.dispose]()
    await append(w, `UPDATE accounts SET display_name = 'Anne' WHERE handle = 'ann'`)
    expect((await ann.get<{ display_name: string }>('/v1/accounts/ann')).body).toMatchObject({
      display_name: 'Anne',
    })
  },
)
