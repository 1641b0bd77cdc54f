import { Database } from 'bun:sqlite'
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { aligned, cut } from '../../src/cli/lib/table'
import { visible, visibleLines } from '../../src/cli/lib/visible'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

describe('text of others at a terminal', () => {
  test('control characters are shown in the notation of carets, and nothing reaches the terminal raw', () => {
    expect(visible('a\u001b[2Jb\u0007\u007f\r')).toBe('a^[[2Jb^G^?^M')
    expect(visible('\u009b2J\u202e\u2028')).toBe('\\x9b2J\\u{202e}\\u{2028}')
    expect(visible('日本 👩‍👩‍👧 é')).toBe('日本 👩‍👩‍👧 é')
  })

  test('lines stay lines, and tabs are blanks', () => {
    expect(visibleLines('a\r\n\tb\n\u001b')).toEqual(['a', '    b', '^['])
  })
})

describe('a table', () => {
  test('columns are as wide as their widest cell on the screen, and a line is cut at the width', () => {
    const rows = [
      ['NAME', 'TEXT'],
      ['日本', 'short'],
      ['bo', 'a text that is too long'],
    ]
    expect(aligned(rows, 16)).toEqual(['NAME  TEXT', '日本  short', 'bo    a text th…'])
    expect(cut('日本語', 4)).toBe('日…')
  })

  test('a list is a table on a terminal, and JSON with --json and elsewhere', async () => {
    await using site = new Site()
    await site.json('quickstart', '--yes', '--json')
    await site.json('onboard-agent', '--handle', 'cairn', '--channels', 'general')
    const { stdout: table } = await site.type([], 'list-accounts')
    const lines = table.split('\n')
    expect(lines[0]).toContain('HANDLE')
    expect(lines.find((line) => line.includes('cairn'))).toMatch(/^cairn +agent +cairn .*[0-9a-f-]{36}$/)
    const { stdout: json } = await site.type([], 'list-accounts', '--json')
    expect(JSON.parse(json)).toEqual(await site.json('list-accounts'))
    for (const words of [
      ['list-channels'],
      ['list-members', 'general'],
      ['list-tokens', '--account', 'cairn'],
      ['webhooks', 'list'],
      ['webhooks', 'deliveries'],
      ['pair', 'list'],
    ]) {
      const { code, stdout } = await site.type([], ...words)
      expect([words, code]).toEqual([words, 0])
      expect(() => JSON.parse(stdout)).toThrow()
    }
  })

  test('names of others have no effect on the terminal', async () => {
    await using site = new Site()
    await site.json('add-account', '--kind', 'agent', '--handle', 'cairn')
    {
      using db = new Database(site.paths.database)
      db.run('UPDATE accounts SET display_name = ?', ['x\u001b[2J\u202e'])
    }
    const { stdout } = await site.type([], 'list-accounts')
    expect(stdout).toContain('x^[[2J\\u{202e}')
    expect(stdout).not.toMatch(/\p{Cc}\[2J/u)
  })
})
