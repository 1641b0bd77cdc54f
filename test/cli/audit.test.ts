import { Database } from 'bun:sqlite'
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Site } from '../support/site'

// Every test starts programs, some of which wait for one another.
setDefaultTimeout(120_000)

interface Page {
  readonly entries: readonly { readonly action: string; readonly via: string; readonly metadata: object }[]
}

const addChannel = (site: Site, slug: string) =>
  site.json('admin', 'add-channel', '--slug', slug, '--name', slug)

describe('synapse audit', () => {
  test('synapse audit lists each action with the command that did it, whether a server runs or not', async () => {
    await using site = new Site()
    await addChannel(site, 'one')
    await site.serve()
    await addChannel(site, 'two')
    await site.run('config', 'set', 'drain', 'on')
    expect((await site.run('backup', 'create')).code).toBe(0)
    const { entries } = await site.json<Page>('audit', '--json')
    expect(entries.map(({ action, via, metadata }) => ({ action, via, metadata }))).toMatchObject([
      { action: 'backup', via: 'operator', metadata: { command: 'backup create' } },
      { action: 'setting.set', via: 'operator', metadata: { command: 'config set' } },
      { action: 'channel.create', via: 'operator', metadata: { slug: 'two', command: 'add-channel' } },
      { action: 'channel.create', via: 'operator', metadata: { slug: 'one', command: 'add-channel' } },
    ])
    const { stdout, stderr } = await site.run('audit', 'list', '--action', 'channel.', '--limit', '1')
    expect(stdout).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}operator {2}channel\.create channel \S+ \{.*"slug":"two"/,
    )
    expect(stderr).toMatch(/^more: --cursor \d+\n$/)
  })

  test('synapse audit verify detects changed entries and names the first one', async () => {
    await using site = new Site()
    const server = await site.serve()
    for (const slug of ['one', 'two', 'three']) await addChannel(site, slug)
    await server.stop()
    const sound = await site.run('audit', 'verify')
    expect(sound.stdout).toMatch(/^3 entries, .*\n[0-9a-f]{64}\n$/)
    const hash = sound.stdout.trim().split('\n').at(-1) ?? ''
    expect(await site.run('audit', 'verify', '--known', hash)).toMatchObject({ code: 0 })
    {
      using db = new Database(site.paths.database)
      db.run('DROP TRIGGER audit_keeps_rows')
      db.run('DROP TRIGGER audit_loses_none')
      db.run('DELETE FROM audit WHERE id = 3')
    }
    expect(await site.run('audit', 'verify')).toMatchObject({ code: 0 })
    expect(await site.run('audit', 'verify', '--known', hash)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the hash is not in the audit log'),
    })
    {
      using db = new Database(site.paths.database)
      db.run("UPDATE audit SET action = 'login.ok' WHERE id = 2")
    }
    expect(await site.run('audit', 'verify')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /entry 2 of the audit log is not what was written\n.*1 entry before it unchanged\n/,
      ),
    })
  })
})
