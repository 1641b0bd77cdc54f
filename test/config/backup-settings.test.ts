import { describe, expect, test } from 'bun:test'
import { usualBackupDirectory } from '../../src/config/backup-settings'
import { loading } from './loading'

describe('the directory of backups', () => {
  const rows: [string, string, Record<string, string>, string | undefined][] = [
    ['the second entry of STATE_DIRECTORY', '/var/lib/synapse', { STATE_DIRECTORY: '/a:/b' }, '/b'],
    [
      'beside the home of the system service, for commands too',
      '/var/lib/synapse',
      { HOME: '/root' },
      '/var/lib/synapse-backups',
    ],
    [
      'in the state directory of the user',
      '/h',
      { HOME: '/home/ada' },
      '/home/ada/.local/state/synapse/backups',
    ],
    ['in XDG_STATE_HOME', '/h', { HOME: '/home/ada', XDG_STATE_HOME: '/s' }, '/s/synapse/backups'],
    [
      'not in XDG_STATE_HOME if that is relative',
      '/h',
      { HOME: '/u', XDG_STATE_HOME: 's' },
      '/u/.local/state/synapse/backups',
    ],
    ['undefined if it would be inside the home', '/home/ada', { HOME: '/home/ada' }, undefined],
  ]
  test.each(rows)('the default directory of backups is %s', (_, home, env, expected) =>
    expect(usualBackupDirectory(home, env)).toBe(expected as string),
  )

  test('SYNAPSE_BACKUP_DIR names the directory of backups, but never one inside the home', () => {
    using here = loading()
    expect(here.load({ SYNAPSE_BACKUP_DIR: 'mine' }).backupDir).toBe(`${here.cwd}/mine`)
    for (const inside of [here.home, `${here.home}/backups`, `${here.cwd}/../home/x`])
      expect(here.problems({ SYNAPSE_BACKUP_DIR: inside })).toEqual([
        expect.objectContaining({
          name: 'SYNAPSE_BACKUP_DIR',
          problem: expect.stringContaining('inside the home'),
        }),
      ])
  })
})

describe('the settings of backups', () => {
  test.each([
    ['03:00', '03:00'],
    [' 23:59 ', '23:59'],
    ['off', null],
    ['null', null],
  ])('SYNAPSE_BACKUP_DAILY_AT accepts %p', (text, expected) => {
    using here = loading()
    expect(here.load({ SYNAPSE_BACKUP_DAILY_AT: text }).settings['backup.daily_at']).toBe(expected)
  })

  test.each(['24:00', '3:00', '03:60', 'noon'])('SYNAPSE_BACKUP_DAILY_AT refuses %p', (text) => {
    using here = loading()
    expect(here.problems({ SYNAPSE_BACKUP_DAILY_AT: text })).toHaveLength(1)
  })

  test('the passphrase can come from a file, and a passphrase that is too short is not quoted', () => {
    using here = loading()
    const file = here.put('passphrase', 'correct horse\n')
    expect(here.load({ SYNAPSE_BACKUP_PASSPHRASE_FILE: file }).backupPassphrase).toBe('correct horse')
    const [problem] = here.problems({ SYNAPSE_BACKUP_PASSPHRASE: 'secret' })
    expect(problem?.problem).toContain('at least 8')
    expect(JSON.stringify(problem)).not.toContain('"secret')
  })
})
