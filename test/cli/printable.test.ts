import { Database } from 'bun:sqlite'
import { expect, setDefaultTimeout, test } from 'bun:test'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

/** What a terminal obeys even inside JSON: C1 controls, DEL, bidi overrides, line separators, tags. */
const HOSTILE = 'x\u009b2Jy\u007f\u202ez\u2028\u{e0041}\u001b[2J\r'
const OBEYED = /[\p{Cc}\p{Zl}\u202e\u{e0041}]/u

test('stored names with control characters are printed as escapes and keep their meaning', async () => {
  await using site = new Site()
  await site.json('admin', 'add-channel', '--slug', 'one', '--name', 'One')
  await site.json('admin', 'onboard-agent', '--handle', 'cairn', '--channels', 'one')
  {
    using db = new Database(site.paths.database)
    db.run('UPDATE channels SET name = ?, description = ?', [HOSTILE, HOSTILE])
    db.run('UPDATE accounts SET display_name = ?', [HOSTILE])
    db.run('UPDATE tokens SET name = ?', [HOSTILE])
  }
  for (const words of [
    ['admin', 'list-channels'],
    ['admin', 'list-accounts'],
    ['admin', 'list-tokens', '--account', 'cairn'],
  ]) {
    const { stdout } = await site.run(...words)
    expect(stdout.split('\n').filter((line) => OBEYED.test(line))).toEqual([])
    const rows = JSON.parse(stdout) as Record<string, unknown>[]
    const names = (Array.isArray(rows) ? rows : Object.values(rows).flat()) as Record<string, unknown>[]
    expect(names.some((row) => Object.values(row).includes(HOSTILE))).toBeTrue()
  }
})
