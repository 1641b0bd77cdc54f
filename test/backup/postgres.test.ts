import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { placeOf } from '../support/ledger'
import { postgresMissing, postgresPrograms, sharedPostgres } from '../support/postgres'
import { Site } from '../support/site'
import { backUp, post, served } from './scene'

setDefaultTimeout(120_000)

test.skipIf(postgresMissing)(
  'on Postgres the printed pg_dump and pg_restore with epoch rotate back up and restore a server',
  async () => {
    const postgres = await sharedPostgres()
    const url = await postgres.createDatabase()
    const password = decodeURIComponent(new URL(url).password)
    await using site = new Site()
    const configure = (database: string) =>
      writeFileSync(
        site.paths.env,
        `SYNAPSE_DATABASE_URL=${database}\nSYNAPSE_BACKUP_PASSPHRASE=correct horse\n`,
        { mode: 0o600 },
      )
    mkdirSync(site.home, { recursive: true, mode: 0o700 })
    configure(url)
    const { server, token, posts } = await served(site, 3)

    const outcome = await backUp(site, '--with-keys', '--with-blobs')
    expect([outcome.file, outcome.record, outcome.blobs]).toEqual([null, null, 0])
    expect(outcome.dump).toContain('pg_dump -Fc')
    expect(JSON.stringify(outcome)).not.toContain(password)
    expect(statSync(outcome.keys ?? '').mode & 0o777).toBe(0o600)
    const dump = /--file='([^']+)'/.exec(outcome.dump ?? '')?.[1] ?? ''
    const withPassword = `PATH=${postgresPrograms}:$PATH PGPASSWORD='${password}'`
    const dumped = await site.spawn(['sh', '-c', `${withPassword} ${outcome.dump}`])
    expect({ code: dumped.code, stderr: dumped.stderr }).toEqual({ code: 0, stderr: '' })
    expect(existsSync(dump)).toBe(true)
    const lost = await post(server, token, 'lost')
    const byCopy = await site.run('backup', 'restore', 'anything.db', '--yes')
    expect(byCopy).toMatchObject({ code: 1, stderr: expect.stringContaining('pg_restore') })
    expect((await site.run('epoch', 'rotate')).code).toBe(5)
    expect(await server.stop()).toBe(0)

    const other = await postgres.createDatabase()
    const target = new URL(other)
    target.password = ''
    const restored = await site.spawn([
      'sh',
      '-c',
      `${withPassword} pg_restore --no-owner --exit-on-error --dbname='${target.href}' '${dump}'`,
    ])
    expect({ code: restored.code, stderr: restored.stderr }).toEqual({ code: 0, stderr: '' })
    configure(other)
    const rotated = await site.run('epoch', 'rotate', '--json')
    expect({ code: rotated.code, stderr: rotated.stderr }).toMatchObject({ code: 0 })
    const { epoch, first_seq } = JSON.parse(rotated.stdout)
    expect(first_seq).toBe(lost.seq)

    const again = await site.serveWith({ SYNAPSE_LOG_LEVEL: 'warning' })
    const bob = again.as(token)
    expect(await bob.get(`/v1/events?since=${lost.cursor}`)).toMatchObject({
      status: 409,
      body: { code: 'cursor_epoch', epoch },
    })
    const kept = await bob.get<{ messages: { body: string }[] }>(
      `/v1/messages?channel=room&since=${posts[0]?.cursor}`,
    )
    expect(kept.body.messages.map(({ body }) => body)).toEqual(['message 1', 'message 2'])
    const next = await post(again, token, 'another future')
    expect(placeOf(next.cursor)).toEqual({ epoch, seq: lost.seq })
    const doctor = await site.run('doctor', '--json')
    expect(doctor.code).toBe(0)

    // Another home on the same store; the lock of this home does not cover it.
    await using replica = new Site()
    mkdirSync(replica.home, { recursive: true, mode: 0o700 })
    writeFileSync(replica.paths.env, `SYNAPSE_DATABASE_URL=${other}\n`, { mode: 0o600 })
    expect(await replica.run('epoch', 'rotate')).toMatchObject({ code: 5 })
    expect(await again.stop()).toBe(0)
  },
)
