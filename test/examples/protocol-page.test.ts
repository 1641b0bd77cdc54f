// Runs every command of docs/protocols/v1.md as written, in order, against a server.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { blocksIn, linesOf, pageOf } from '../install/blocks'
import { fastDirectory } from '../support/fast-directory'
import { world } from '../support/world'

setDefaultTimeout(120_000)

test('every command of the guide for clients works as written', async () => {
  using folder = fastDirectory()
  writeFileSync(join(folder.path, 'figures.csv'), 'month,tests\nmay,7\n')
  await using w = await world()
  const general = await w.channel('general', { kind: 'public' })
  const ops = await w.agent('ops', { scopes: ['admin:*'] })
  await w.channel('lobby')
  const scopes = ['channel:*:*', 'dm:*:*']
  const cairn = await w.agent('cairn', { scopes, channels: { general: 'admin', lobby: 'member' } })
  const mira = await w.agent('mira', { channels: { lobby: 'member' } })
  const spare = await w.agent('robin')
  const root = await cairn.posts('general', 'Who reviews the release?')
  await cairn.posts('general', 'I do', { thread_id: root.id })
  const mention = await mira.posts('lobby', '@cairn, can you look at this?')
  const told = { CURSOR: mention.cursor, MESSAGE_ID: mention.id }
  const own = { TOKEN: cairn.secret, URL: w.url, THREAD_ID: root.id }
  const known = { ...own, ...told, ADMIN_TOKEN: ops.secret, CHANNEL_ID: general.id, ACCOUNT_ID: spare.id }
  /** The id of the last upload; stands for `<id>`. */
  let uploaded = ''
  const failed: string[] = []
  for (const block of blocksIn(pageOf('docs/protocols/v1.md'))) {
    // A block may delete the message that it is about.
    const { id } = await cairn.posts('general', 'The build is red')
    for (const line of linesOf(block).filter((one) => !one.startsWith('#'))) {
      const command = line.replaceAll('http://127.0.0.1:8080', w.url).replaceAll('<id>', uploaded)
      const run = Bun.spawn(['bash', '-c', command.replaceAll('curl ', 'curl --fail-with-body ')], {
        cwd: folder.path,
        env: { PATH: process.env.PATH ?? '', ...known, ID: id },
        stdout: 'pipe',
        stderr: 'pipe',
      })
      const [said, complaint, status] = await Promise.all([
        new Response(run.stdout).text(),
        new Response(run.stderr).text(),
        run.exited,
      ])
      if (status !== 0) failed.push(`${line}: ${said}${complaint}`)
      if (line.includes('--data-binary')) uploaded = JSON.parse(said).id
    }
  }
  expect(failed).toEqual([])
})

test('every command of the guide for approvals works as written, in order', async () => {
  await using w = await world()
  await w.channel('general')
  const channels = { general: 'member' } as const
  const [cairn, ada] = [await w.agent('cairn', { channels }), await w.human('ada', { channels })]
  const scopes = ['channel:*:read', 'channel:*:post', 'human:act']
  const personal = await ada.post<{ token: string }>('/v1/me/tokens', { name: 'laptop', scopes })
  type Asked = { readonly approval: { readonly id: string; readonly state: string } }
  const other = { channel: 'general', question: 'Another one?', options: ['yes', 'no'] }
  const { body } = await cairn.post<Asked>('/v1/approvals', other)
  const known = { TOKEN: cairn.secret, PERSON: personal.body.token, URL: w.url, OTHER_ID: body.approval.id }
  let asked = ''
  const states: string[] = []
  for (const line of blocksIn(pageOf('docs/protocols/approvals.md')).flatMap(linesOf)) {
    if (line.startsWith('#')) continue
    const run = Bun.spawn(['bash', '-c', line.replaceAll('curl ', 'curl --fail-with-body ')], {
      env: { PATH: process.env.PATH ?? '', ...known, APPROVAL_ID: asked },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [said, status] = await Promise.all([new Response(run.stdout).text(), run.exited])
    expect(status, `${line}: ${said}`).toBe(0)
    const answer = JSON.parse(said) as Partial<Asked> & { readonly state?: string }
    if (answer.approval) asked = answer.approval.id
    states.push(answer.approval?.state ?? answer.state ?? 'a list')
  }
  expect(states).toEqual(['pending', 'pending', 'a list', 'decided', 'decided', 'cancelled'])
})

test('every command of the guide for stopping agents gets the answer that stands below it', async () => {
  await using w = await world({ settings: { SYNAPSE_CHAIN_LIMIT: '1' } })
  await w.channel('general')
  const channels = { general: 'member' } as const
  const [cairn, ada] = [await w.agent('cairn', { channels }), await w.human('ada', { channels })]
  const scopes = ['channel:*:read', 'channel:*:post', 'human:act']
  const personal = await ada.post<{ token: string }>('/v1/me/tokens', { name: 'laptop', scopes })
  const { id } = await ada.posts('general', 'Why does the socket close?')
  const known = { TOKEN: cairn.secret, PERSON: personal.body.token, URL: w.url, THREAD_ID: id }
  let paused = ''
  let said = ''
  let shown = 0
  for (const line of blocksIn(pageOf('docs/protocols/chain.md')).flatMap(linesOf)) {
    const [, status = '', answer = ''] = /^# (\d+) ?(.*)$/.exec(line) ?? []
    if (status !== '') {
      shown++
      expect(said.split('\n').at(-1)).toBe(status)
      // What stands between the dots is in the answer, in this order.
      let rest = said
      for (const part of answer.split('…')) {
        expect(rest).toContain(part)
        rest = rest.slice(rest.indexOf(part) + part.length)
      }
      continue
    }
    const run = Bun.spawn(['bash', '-c', line.replace('curl ', "curl -w '\\n%{http_code}' ")], {
      env: { PATH: process.env.PATH ?? '', ...known, PAUSE_ID: paused },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    said = await new Response(run.stdout).text()
    if (line.includes('"minutes"')) paused = JSON.parse(said.split('\n')[0] ?? '').id
  }
  expect(shown).toBe(11)
})
