import { expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { placeOf } from '../support/ledger'
import { Site } from '../support/site'
import { backUp, epochsIn, numbersOf, post, served } from './scene'

// Every test starts programs.
setDefaultTimeout(120_000)

test('a backup under write load is complete, and holds exactly what its side file says', async () => {
  await using site = new Site()
  const { server, token } = await served(site, 5)
  let isBusy = true
  let acked = 0
  const writers = Array.from({ length: 8 }, async (_, i) => {
    for (let n = 0; isBusy; n++) {
      await post(server, token, `${i} ${n} ${'x'.repeat(500)}`)
      acked++
    }
  })
  const before = acked
  const [first, second] = [await backUp(site), await backUp(site)]
  isBusy = false
  await Promise.all(writers)
  expect(acked).toBeGreaterThan(before)
  expect(second.record?.last_seq).toBeGreaterThan(first.record?.last_seq ?? 0)
  for (const { file, record } of [first, second]) {
    expect(numbersOf(file)).toEqual({
      seq: record?.last_seq ?? -1,
      messages: record?.counts['messages'] ?? -1,
      events: record?.counts['events'] ?? -1,
    })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700)
    expect((await site.run('backup', 'verify', basename(file))).code).toBe(0)
  }
  expect(await server.stop()).toBe(0)
})

test('posts are answered while a backup is made', async () => {
  await using site = new Site()
  const { server, token } = await served(site, 1)
  const body = 'x'.repeat(15_000)
  await Promise.all(Array.from({ length: 1500 }, () => post(server, token, body)))
  let isDone = false
  const copying = backUp(site).finally(() => {
    isDone = true
  })
  let answered = 0
  while (!isDone) {
    await post(server, token, 'meanwhile')
    answered++
  }
  const { bytes } = await copying
  expect(bytes).toBeGreaterThan(20_000_000)
  expect(answered).toBeGreaterThan(5)
})

test('a restore starts an epoch, and cursors from after the copy get 409', async () => {
  await using site = new Site()
  const { server, token, posts } = await served(site, 3)
  const { file } = await backUp(site)
  const lost = await post(server, token, 'lost')

  const running = await site.run('backup', 'restore', file, '--yes')
  expect({ code: running.code, stderr: running.stderr }).toEqual({
    code: 5,
    stderr: expect.stringContaining('already running'),
  })
  expect(await server.stop()).toBe(0)

  const restored = await site.run('backup', 'restore', file, '--yes', '--json')
  expect(restored.code).toBe(0)
  const facts = JSON.parse(restored.stdout)
  expect(facts.before.counts.messages).toBe(4)
  expect(facts.after.counts.messages).toBe(3)
  expect(facts.after.epoch > facts.before.epoch).toBe(true)
  expect(numbersOf(join(facts.replaced, 'synapse.db'))?.messages).toBe(4)
  expect(epochsIn(site.paths.database).map(({ reason }) => reason)).toEqual(['created', 'restore'])

  const again = await site.serveWith({ SYNAPSE_LOG_LEVEL: 'warning' })
  expect(again.written).not.toContain('older than this home has seen')
  const audit = await again.operator.get<{ entries: object[] }>('/v1/admin/audit?limit=1')
  expect(audit.body.entries).toMatchObject([
    {
      action: 'restore',
      via: 'operator',
      target_type: 'backup',
      target_id: basename(file),
      metadata: {
        command: 'backup restore',
        epoch: facts.after.epoch,
        last_seq: facts.after.last_seq,
      },
    },
  ])
  expect((await again.operator.get('/v1/admin/audit/verify')).body).toMatchObject({ broken: null })
  const bob = again.as(token)
  const refused = await bob.get(`/v1/events?since=${lost.cursor}`)
  expect(refused).toMatchObject({ status: 409, body: { code: 'cursor_epoch', epoch: facts.after.epoch } })
  const kept = await bob.get<{ messages: { body: string }[] }>(
    `/v1/messages?channel=room&since=${posts[0]?.cursor}`,
  )
  expect(kept.body.messages.map(({ body }) => body)).toEqual(['message 1', 'message 2'])
  const next = await post(again, token, 'another future')
  expect(next.seq).toBe(lost.seq)
  expect(placeOf(next.cursor).epoch).toBe(facts.after.epoch)
  expect(await again.stop()).toBe(0)
})

test('a backup with keys restores the same instance on another machine', async () => {
  await using site = new Site()
  const { server, token } = await served(site, 2)
  mkdirSync(site.paths.blobs, { recursive: true })
  writeFileSync(join(site.paths.blobs, 'picture'), 'bytes of a picture')
  const passphrase = 'correct horse battery staple'
  writeFileSync(site.paths.env, `SYNAPSE_BACKUP_PASSPHRASE=${passphrase}\n`, { mode: 0o600 })
  const { file, keys, blobs } = await backUp(site, '--with-keys', '--with-blobs')
  expect(blobs).toBe(1)
  expect(await server.stop()).toBe(0)

  await using other = new Site()
  // As it comes from a disk: the folder and nothing else.
  const folder = join(other.directory, 'from-a-disk')
  mkdirSync(join(folder, 'blobs'), { recursive: true })
  const carried = (path: string) => {
    copyFileSync(path, join(folder, basename(path)))
    return join(folder, basename(path))
  }
  carried(file.replace(/db$/, 'json'))
  carried(join(dirname(file), basename(file).replace('synapse-', 'blobs-').replace(/db$/, 'json')))
  for (const name of ['picture', 'instance'])
    copyFileSync(join(dirname(file), 'blobs', name), join(folder, 'blobs', name))
  const [copy, sealed] = [carried(file), carried(keys ?? '')]

  const without = await other.run('backup', 'restore', copy, '--keys', sealed, '--blobs', '--yes')
  expect({ code: without.code, stderr: without.stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining('SYNAPSE_BACKUP_PASSPHRASE_FILE'),
  })
  expect(existsSync(other.paths.database)).toBe(false)
  writeFileSync(other.paths.env, 'SYNAPSE_BACKUP_PASSPHRASE=another passphrase\n', { mode: 0o600 })
  const wrong = await other.run('backup', 'restore', copy, '--keys', sealed, '--blobs', '--yes')
  expect(wrong.stderr).toContain('do not open with this passphrase')
  expect(existsSync(other.paths.database)).toBe(false)
  writeFileSync(other.paths.env, `SYNAPSE_BACKUP_PASSPHRASE=${passphrase}\n`, { mode: 0o600 })
  const right = await other.run('backup', 'restore', copy, '--keys', sealed, '--blobs', '--yes')
  expect({ code: right.code, stderr: right.stderr }).toMatchObject({ code: 0 })
  expect(right.stdout + right.stderr).not.toContain(passphrase)

  const moved = await other.serveWith({ SYNAPSE_LOG_LEVEL: 'warning' })
  expect((await post(moved, token, 'here I am')).seq).toBeGreaterThan(0)
  expect(await Bun.file(join(other.paths.blobs, 'picture')).text()).toBe('bytes of a picture')
  expect(await moved.stop()).toBe(0)
})

test('a restore without the instance key warns, and the server then refuses to start', async () => {
  await using site = new Site()
  const { server } = await served(site, 1)
  const { file } = await backUp(site)
  expect(await server.stop()).toBe(0)
  await using other = new Site()
  const restored = await other.run('backup', 'restore', file, '--yes')
  expect(restored.code).toBe(0)
  expect(restored.stderr).toContain('refuses to start')
  const refused = await other.run('serve', '--port', '0')
  expect(refused.code).toBe(78)
  expect(refused.stderr).toContain('is missing at')
})

test('a store that a restore replaced can be restored in turn, with what was only in its WAL', async () => {
  await using site = new Site()
  const { server, token } = await served(site, 3)
  const { file } = await backUp(site)
  await post(server, token, 'later')
  await server.kill()
  const first = await site.run('backup', 'restore', file, '--yes', '--json')
  expect(first.code).toBe(0)
  const { replaced, before } = JSON.parse(first.stdout)
  expect(before.counts.messages).toBe(4)
  const second = await site.run('backup', 'restore', join(replaced, 'synapse.db'), '--yes', '--json')
  expect({ code: second.code, stderr: second.stderr }).toMatchObject({ code: 0 })
  expect(JSON.parse(second.stdout).after.counts.messages).toBe(4)
  // Epochs never repeat: the new one is greater than that of the first restore, which this store does not know.
  expect(JSON.parse(second.stdout).after.epoch > JSON.parse(first.stdout).after.epoch).toBe(true)
})
