import { expect, setDefaultTimeout, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { parsed } from '../support/finished'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

test('at a terminal a new passphrase is asked for twice, and a restore asks for confirmation', async () => {
  await using site = new Site()
  await site.run('init')
  const made = await site.type(
    [
      ['A passphrase for the keys: ', 'short\r'],
      ['at least 8 characters', ''],
      ['A passphrase for the keys: ', 'correct horse\r'],
      ['Once more: ', 'correct house\r'],
      ['do not match', ''],
      ['A passphrase for the keys: ', 'correct horse\r'],
      ['Once more: ', 'correct horse\r'],
    ],
    'backup',
    'create',
    '--with-keys',
  )
  expect(made.code).toBe(0)
  expect(made.stdout).not.toContain('horse')
  const [copy] = parsed<{ file: string }[]>(await site.run('backup', 'list', '--json'))
  const file = copy?.file ?? ''
  const keys = file.replace(/synapse-([^/]+)\.db$/, 'keys-$1.sealed')

  const kept = await site.type([['yes or no', 'no\r']], 'backup', 'restore', file)
  expect(kept).toMatchObject({ code: 130, stdout: expect.stringContaining('nothing was changed') })
  const unasked = await site.run('backup', 'restore', file)
  expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') })

  rmSync(`${site.home}/keys/instance.ed25519`)
  const restored = await site.type(
    [
      ['yes or no', 'yes\r'],
      ['The passphrase of the keys: ', 'correct horse\r'],
    ],
    'backup',
    'restore',
    file,
    '--keys',
    keys,
  )
  expect(restored.code).toBe(0)
  expect(restored.stdout).toContain('epoch')
  const server = await site.serve()
  expect(await server.stop()).toBe(0)
})

test('backup and epoch list their commands and say what is wrong with a call', async () => {
  await using site = new Site()
  const cases: [words: string[], code: number, says: string][] = [
    [['backup', '--help'], 0, 'backup restore'],
    [['help', 'backup'], 0, 'backup restore'],
    [['backup', 'create', '--help'], 0, '--with-keys'],
    [['backup'], 2, 'backup needs a command'],
    [['backup', 'crate'], 2, 'backup create'],
    [['epoch'], 2, 'epoch rotate'],
    [['backup', 'create'], 4, 'no store'],
    [['backup', 'verify'], 4, 'no backups'],
    [['backup', 'restore', 'nothing.db', '--yes'], 4, 'no file'],
    [['backup', 'create', '--label', 'two words'], 2, '--label'],
  ]
  for (const [words, code, says] of cases) {
    const ran = await site.run(...words)
    expect({ words, code: ran.code, said: ran.stdout + ran.stderr }).toEqual({
      words,
      code,
      said: expect.stringContaining(says),
    })
  }
})
