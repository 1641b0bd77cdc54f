import { Database } from 'bun:sqlite'
import { expect, setDefaultTimeout, test } from 'bun:test'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { namesOf, stampOf } from '../../src/backup/names'
import { writeState } from '../../src/home'
import { backUp, epochsIn, flipBit, served, textOf } from '../backup/scene'
import { parsed } from '../support/finished'
import { hasNamespaces, inNamespaces } from '../support/namespace'
import { program, Site } from '../support/site'
import { examinedBy } from './examined'

setDefaultTimeout(120_000)

async function examined(site: Site, ...words: string[]) {
  const found = examinedBy(await site.run('doctor', '--json', ...words))
  return { ...found, statuses: Object.fromEntries(found.lines.map(({ name, status }) => [name, status])) }
}

/** Everything below a home with its size, mode and modification time. */
function traceOf(home: string): string[] {
  return readdirSync(home, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { size, mode, mtimeMs } = statSync(`${home}/${name}`)
      return `${name} ${size} ${mode} ${name.startsWith('run') ? '' : mtimeMs}`
    })
}

/** What is skipped without a public address, without TLS and without a homeserver. */
const WITHOUT_ADDRESS = ['base_url', 'proxy', 'certificate', 'matrix']
/** Parts that this version does not have. */
const ABSENT = ['federation']
const HEALTHY = ['process', 'home', 'store', 'bind', 'epoch', 'disk']

test('doctor finds nothing wrong with a healthy server, running or stopped, and changes nothing', async () => {
  await using site = new Site()
  const { server } = await served(site, 3)
  writeFileSync(site.paths.env, 'SYNAPSE_BACKUP_PASSPHRASE=a passphrase\n', { mode: 0o600 })
  const without = await examined(site)
  expect(without.code).toBe(1)
  expect(without.of('backup')).toMatchObject({ status: 'warn', fix: 'synapse backup create' })
  await backUp(site)
  expect((await examined(site)).of('backup')).toMatchObject({
    status: 'warn',
    fix: 'synapse backup create --with-keys',
  })
  await backUp(site, '--with-keys')
  const up = await examined(site)
  expect({
    code: up.code,
    checks: up.lines.filter(
      ({ name, status }) => status !== 'pass' && ![...WITHOUT_ADDRESS, ...ABSENT].includes(name),
    ),
  }).toEqual({
    code: 0,
    checks: [],
  })
  expect(up.lines.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['reachable', 'backup', ...HEALTHY]),
  )
  for (const name of ABSENT)
    expect(up.of(name)).toMatchObject({ status: 'skip', detail: expect.stringContaining('this version') })
  await server.stop()
  const before = traceOf(site.home)
  const down = await examined(site)
  expect(down.code).toBe(0)
  expect(down.statuses).toMatchObject({ reachable: 'skip', process: 'skip', store: 'pass', epoch: 'pass' })
  expect(traceOf(site.home)).toEqual(before)
})

test('doctor prints one line per check, followed by its remedy', async () => {
  await using site = new Site()
  const { code, stdout } = await site.run('doctor')
  expect(code).toBe(2)
  expect(stdout).toContain('FAIL  home')
  expect(stdout).toContain('→ synapse init')
})

test('doctor reports a killed server, and a pid file that names another program', async () => {
  await using site = new Site()
  const { server } = await served(site, 1)
  await server.kill()
  const killed = await examined(site)
  expect(killed.of('process')).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining(`pid ${server.pid}`),
  })
  // What is only in the WAL is checked too.
  expect(killed.of('store')).toMatchObject({
    status: 'pass',
    detail: expect.stringContaining(': 1 message, '),
  })
  const stranger = Bun.spawn(['sleep', '60'])
  try {
    writeFileSync(site.paths.pid, `${stranger.pid}\n`)
    rmSync(site.paths.runFile)
    const foreign = await examined(site)
    expect(foreign.code).toBe(2)
    expect(foreign.of('process')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('another program'),
    })
  } finally {
    stranger.kill()
  }
})

test('doctor reports a server that does not answer', async () => {
  await using site = new Site()
  const { server } = await served(site, 1)
  server.signal('SIGSTOP')
  const silent = await examined(site)
  expect(silent.code).toBe(2)
  expect(silent.of('reachable')).toMatchObject({
    status: 'fail',
    fix: expect.stringContaining('serve --stop'),
  })
  server.signal('SIGCONT')
})

test('doctor reports file modes that give others access', async () => {
  await using site = new Site()
  const { server } = await served(site, 1)
  await server.stop()
  chmodSync(site.paths.instanceKey, 0o644)
  chmodSync(site.paths.database, 0o640)
  const open = await examined(site)
  expect(open.of('home')).toMatchObject({ status: 'fail', fix: `chmod 600 ${site.paths.instanceKey}` })
  chmodSync(site.paths.instanceKey, 0o600)
  expect((await examined(site)).of('home')).toMatchObject({
    status: 'warn',
    fix: `chmod 600 ${site.paths.database}`,
  })
  chmodSync(site.home, 0o777)
  const writable = await examined(site)
  expect(writable.code).toBe(2)
  expect(writable.of('home')).toMatchObject({ status: 'fail', fix: expect.stringContaining('chmod go-w') })
  chmodSync(site.home, 0o700)
})

test('doctor warns of a search index that is far behind the log', async () => {
  await using site = new Site()
  const { server } = await served(site, 2)
  await server.stop()
  expect((await examined(site)).of('search')).toMatchObject({ status: 'pass' })
  using db = new Database(site.paths.database, { readwrite: true })
  db.run('INSERT INTO events (seq, at, type, subject) VALUES (20000, 1, ?, 1)', ['account.updated'])
  db.close()
  expect((await examined(site)).of('search')).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('events behind'),
    fix: expect.stringContaining('start the server'),
  })
})

test('doctor warns of webhooks that fail or that the server has disabled', async () => {
  await using site = new Site()
  const { server } = await served(site, 2)
  await server.stop()
  expect((await examined(site)).of('webhooks')).toMatchObject({ status: 'pass' })
  using db = new Database(site.paths.database, { readwrite: true })
  const columns = 'account_id, name, url, enabled, failing_since, disabled_reason'
  db.run(`INSERT INTO webhooks (uuid, ${columns}) VALUES (x'01', 1, 'a', 'http://127.0.0.1:9/', 1, 1, NULL)`)
  db.run(
    `INSERT INTO webhooks (uuid, ${columns}) VALUES (x'02', 1, 'b', 'http://127.0.0.1:9/', 0, 1, 'gone')`,
  )
  db.close()
  expect((await examined(site)).of('webhooks')).toMatchObject({
    status: 'warn',
    detail: '1 webhook failing, 1 webhook disabled by the server',
    fix: expect.stringContaining('synapse webhooks deliveries'),
  })
})

test('doctor reports a store that is missing, newer, older, or not the one of this home', async () => {
  await using site = new Site()
  const { server } = await served(site, 2)
  await server.stop()
  const change = (...statements: string[]) => {
    using db = new Database(site.paths.database, { readwrite: true })
    for (const statement of statements) db.run(statement)
  }
  const [epoch] = epochsIn(site.paths.database)

  change("INSERT INTO migrations VALUES ('9999_future', 'x', 'x')")
  expect((await examined(site)).of('store')).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('9999_future'),
  })
  change("DELETE FROM migrations WHERE name = '9999_future'")

  writeState(site.paths.state, { epoch: epoch?.epoch ?? '', lastSeq: 1_000_000 })
  expect((await examined(site)).of('epoch')).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('an older copy'),
    fix: expect.stringContaining('synapse epoch rotate'),
  })
  writeState(site.paths.state, { epoch: '01M7Y5WJA00A1B2C3D4E5F6G7H', lastSeq: 1 })
  expect((await examined(site)).of('epoch')).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('replaced by another one'),
  })

  rmSync(site.paths.database)
  const gone = await examined(site)
  expect(gone.code).toBe(2)
  expect(gone.of('store')).toMatchObject({ status: 'fail', detail: expect.stringContaining('is missing') })
})

test('doctor reports a server that runs on another store than the configured one', async () => {
  await using site = new Site()
  const { server } = await served(site, 1)
  const elsewhere = join(site.directory, 'elsewhere')
  mkdirSync(elsewhere, { mode: 0o700 })
  const configure = (url: string) =>
    writeFileSync(site.paths.env, `SYNAPSE_DATABASE_URL=${url}\n`, { mode: 0o600 })

  configure(`sqlite:${elsewhere}/other.db`)
  const other = await examined(site)
  expect(other).toMatchObject({ code: 2 })
  expect(other.of('store')).toMatchObject({
    status: 'fail',
    detail: `the server runs on sqlite:${site.paths.database}, but sqlite:${elsewhere}/other.db is configured`,
    fix: expect.stringContaining('SYNAPSE_DATABASE_URL'),
  })
  configure('postgres://somebody:secret@db.example/synapse')
  const { detail } = (await examined(site)).of('store') ?? {}
  expect(detail).toContain('but postgres://somebody:***@db.example/synapse is configured')
  // Through a symbolic link it is the same file.
  symlinkSync(site.home, join(elsewhere, 'link'))
  configure(`sqlite:${elsewhere}/link/synapse.db`)
  expect((await examined(site)).of('store')).toMatchObject({ status: 'pass' })
  await server.stop()
})

test.skipIf(!hasNamespaces)('doctor warns of two homes, both as an ordinary user and as root', async () => {
  await using site = new Site({ isBare: true })
  expect((await site.run('init')).code).toBe(0)
  const withSystemHome = ['mount -t tmpfs tmpfs /var/lib', 'mkdir -m 700 /var/lib/synapse']
  const ordinary = ['unshare', '--user', '--map-user=1000', '--map-group=1000']
  for (const [user, chosen, other] of [
    [ordinary, site.home, '/var/lib/synapse'],
    [[], '/var/lib/synapse', site.home],
  ] as const) {
    const cmd = [...user, ...program, 'doctor', '--json']
    const found = examinedBy(await site.spawn(inNamespaces(withSystemHome, cmd)))
    expect(found.of('home')).toMatchObject({
      status: 'warn',
      detail: `there are two homes, ${chosen} and ${other}`,
    })
  }
  // A home that is named with --home is the one to check.
  expect((await examined(site, '--home', site.home)).of('home')).toMatchObject({ status: 'pass' })
})

test('doctor warns of a log that is ahead of the clock', async () => {
  await using site = new Site()
  const { server } = await served(site, 1)
  expect((await examined(site)).of('log clock')).toMatchObject({ status: 'pass' })
  await server.stop()
  const inAYear = new Date(Date.now() + 365 * 86_400_000)
  const ahead = inAYear.getTime() * 1000
  {
    using db = new Database(site.paths.database)
    db.run('UPDATE events SET at = ? WHERE seq = (SELECT seq FROM log_head)', [ahead])
    db.run('UPDATE log_head SET last_at = ?', [ahead])
  }
  const down = (await examined(site)).of('log clock')
  expect([down?.status, down?.detail.includes(`until ${inAYear.getUTCFullYear()}-`)]).toEqual(['warn', true])
  expect(down?.fix).toContain('timedatectl')
})

test('doctor names backups dated ahead of the clock, and a new backup beside them stays', async () => {
  await using site = new Site()
  const { server } = await served(site, 1)
  await server.stop()
  const { file } = await backUp(site)
  const nextYear = new Date(Date.now() + 365 * 86_400_000)
  const ahead = namesOf(dirname(file), stampOf(nextYear))
  const side = file.replace(/db$/, 'json')
  writeFileSync(
    ahead.side,
    textOf(side).replace(/"created_at": "[^"]+"/, `"created_at": "${nextYear.toISOString()}"`),
  )
  renameSync(file, ahead.database)
  rmSync(side)
  const without = (await examined(site)).of('backup')
  expect(without?.status).toBe('warn')
  for (const words of ['there is no backup yet', ahead.database]) expect(without?.detail).toContain(words)
  const made = parsed<{ file: string; pruned: string[]; notices: string[] }>(
    await site.runWith({ SYNAPSE_BACKUP_KEEP: '1' }, 'backup', 'create', '--json'),
  )
  expect(made).toMatchObject({ pruned: [], notices: [expect.stringContaining(basename(ahead.database))] })
  expect(existsSync(made.file)).toBe(true)
  const listed = await site.json<{ file: string; dated_ahead: boolean }[]>('backup', 'list', '--json')
  expect(listed.map(({ file, dated_ahead }) => [file, dated_ahead])).toEqual([
    [ahead.database, true],
    [made.file, false],
  ])
})

test('doctor reports a missing or wrong instance key, with which no server starts', async () => {
  await using site = new Site()
  const { server } = await served(site, 1)
  await server.stop()
  const { instanceKey } = site.paths
  rmSync(instanceKey)
  const gone = (await examined(site)).of('store')
  expect(gone).toMatchObject({ status: 'fail', detail: expect.stringContaining('is missing') })
  await using other = new Site()
  expect((await other.run('init')).code).toBe(0)
  copyFileSync(other.paths.instanceKey, instanceKey)
  const another = (await examined(site)).of('store')
  expect(another).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('the key of this home is that of did:key:'),
    fix: expect.stringContaining('synapse backup restore'),
  })
  expect((await site.run('serve', '--port', '0')).code).toBe(78)
})

test.skipIf(!hasNamespaces)('doctor checks the disk of a store outside the home too', async () => {
  await using site = new Site()
  expect((await site.run('init')).code).toBe(0)
  const elsewhere = join(site.directory, 'disk')
  mkdirSync(elsewhere)
  const small = [`mount -t tmpfs -o size=32m tmpfs ${elsewhere}`, `cp ${site.paths.database} ${elsewhere}/`]
  const url = `SYNAPSE_DATABASE_URL=sqlite:${elsewhere}/synapse.db`
  const found = examinedBy(
    await site.spawn(inNamespaces(small, ['env', url, ...program, 'doctor', '--json'])),
  )
  expect(found.of('disk')).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining(`MiB free at ${elsewhere}`),
  })
})

test('doctor reports a refused configuration, and tokens that travel unencrypted', async () => {
  await using site = new Site()
  const { server } = await served(site, 1)
  await server.stop()
  writeFileSync(site.paths.env, `SYNAPSE_BACKUP_DIR=${site.home}/backups\n`, { mode: 0o600 })
  const inside = await examined(site)
  expect(inside).toMatchObject({ code: 2, statuses: { config: 'fail' } })
  expect((await site.run('serve', '--port', '0')).code).toBe(78)
  writeFileSync(site.paths.env, 'SYNAPSE_HOST=192.168.77.1\n', { mode: 0o600 })
  expect((await examined(site)).of('bind')).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('unencrypted'),
  })
})

test('doctor reports a WAL that is damaged within acknowledged data', async () => {
  await using site = new Site()
  const { server } = await served(site, 20)
  await server.kill()
  flipBit(`${site.paths.database}-wal`, 32 + 24 + 100)
  const damaged = await examined(site)
  expect(damaged.of('store')).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('-wal is damaged'),
    fix: expect.stringContaining('synapse backup restore'),
  })
  expect((await site.run('serve', '--port', '0')).code).toBe(78)
})
