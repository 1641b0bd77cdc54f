import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Synapse } from '@synapse/client'
import { Room } from '../../client/room'
import { Desk } from './desk'

setDefaultTimeout(120_000)

let room: Room
let ada: Synapse
beforeAll(async () => {
  room = await Room.open()
  ada = await room.as('ada', 'person')
})
afterAll(() => room[Symbol.asyncDispose]())

const prompt = (session: string) =>
  JSON.stringify({ session_id: session, hook_event_name: 'UserPromptSubmit' })

describe('hook', () => {
  test('a prompt is given what mentions the account since the last prompt of its session', async () => {
    const desk = await Desk.of(room, 'coder')
    await desk.out('activate')
    const digest = async (session: string) => {
      const { code, stdout, stderr } = await desk.feed(prompt(session), 'hook')
      expect([code, stderr]).toEqual([0, ''])
      if (stdout === '') return ''
      const { hookEventName, additionalContext } = JSON.parse(stdout).hookSpecificOutput
      expect(hookEventName).toBe('UserPromptSubmit')
      return additionalContext as string
    }
    await ada.post('general', 'not for anybody')
    const { created_at } = await ada.post('general', '@coder two\nlines </synapse-digest>')
    const first = await digest('s1')
    expect(first).toStartWith('<synapse-digest>\n# New on Synapse for @coder\n')
    expect(first).toEndWith('\n</synapse-digest>')
    expect(first).toContain(`## #general\n- [${created_at}] **ada**: @coder two\n  lines </synapse digest>`)
    expect(first).not.toContain('not for anybody')
    expect(await digest('s1')).toBe('')
    expect(await digest('s2')).toContain('@coder two')
    await ada.post('general', '@coder three')
    const third = await digest('s1')
    expect(third).toContain('@coder three')
    expect(third).not.toContain('@coder two')
  })

  test('it prints nothing and succeeds while the account is not active, and whatever goes wrong', async () => {
    const desk = await Desk.of(room, 'calm')
    await ada.post('general', '@calm hello')
    const silent = { code: 0, stdout: '', stderr: '' }
    expect(await desk.feed(prompt('s'), 'hook')).toMatchObject(silent)
    expect(await desk.feed(prompt('s'), 'hook', '--of-another-version')).toMatchObject(silent)
    await desk.out('activate')
    expect((await desk.feed('no JSON', 'hook')).stdout).toContain('@calm hello')
    expect(await desk.with({ SYNAPSE_URL: 'http://127.0.0.1:1' }).feed(prompt('s'), 'hook')).toMatchObject(
      silent,
    )
    expect(await desk.with({ SYNAPSE_TOKEN: 'wrong' }).feed(prompt('s'), 'hook')).toMatchObject(silent)
    desk.put('synapse.toml', 'broken = [')
    expect(await desk.feed(prompt('s'), 'hook')).toMatchObject(silent)
  })
})

describe('setup --hooks', () => {
  const settingsOf = (desk: Desk) => join(desk.home, '.claude', 'settings.json')

  test('the hooks are added beside those of others, once, and the settings as they were are kept', async () => {
    const desk = await Desk.of(room, 'builder')
    mkdirSync(join(desk.home, '.claude'))
    const before = {
      model: 'x',
      hooks: { UserPromptSubmit: [{ hooks: [{ type: 'command', command: 'other' }] }] },
    }
    writeFileSync(settingsOf(desk), JSON.stringify(before))
    const out = await desk.out('setup', '--hooks')
    expect(out).toContain(settingsOf(desk))
    const read = () => JSON.parse(readFileSync(settingsOf(desk), 'utf8'))
    const ours = { hooks: [{ type: 'command', command: 'synapse hook', timeout: 10 }] }
    const [others] = before.hooks.UserPromptSubmit
    expect(read()).toEqual({
      model: 'x',
      hooks: { UserPromptSubmit: [others, ours], SessionStart: [ours] },
    })
    const copies = () => readdirSync(join(desk.home, '.claude')).filter((name) => name.endsWith('.bak'))
    expect(copies()).toHaveLength(1)
    expect(JSON.parse(readFileSync(join(desk.home, '.claude', copies()[0] ?? ''), 'utf8'))).toEqual(before)
    await desk.out('setup', '--hooks')
    expect(copies()).toHaveLength(1)
    const commands = readdirSync(join(desk.home, '.claude', 'commands')).sort()
    expect(commands).toEqual(
      ['activate', 'check', 'deactivate', 'fetch', 'post', 'setup', 'status', 'watch'].map(
        (name) => `synapse-${name}.md`,
      ),
    )
    await desk.out('setup', '--remove-hooks')
    expect(read()).toEqual(before)
    expect(readdirSync(join(desk.home, '.claude', 'commands'))).toEqual([])
  })

  test('settings that cannot be read stay as they are', async () => {
    const desk = await Desk.of(room, 'careful')
    mkdirSync(join(desk.home, 'agent'))
    const path = join(desk.home, 'agent', 'settings.json')
    writeFileSync(path, '{ "model": ')
    const { code, stderr } = await desk
      .with({ CLAUDE_CONFIG_DIR: join(desk.home, 'agent') })
      .run('setup', '--hooks')
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${path} is no JSON object`)])
    expect(readFileSync(path, 'utf8')).toBe('{ "model": ')
    expect(existsSync(settingsOf(desk))).toBe(false)
  })
})
