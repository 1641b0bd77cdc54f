import { describe, expect, test } from 'bun:test'
import { usualBackupDirectory } from '../../src/config/backup-settings'
import { loading } from './loading'

describe('backups go', () => {
  const rows: [string, string, Record<string, string>, string | undefined][] = [
    ['to the second directory of the unit', '/var/lib/synapse', { STATE_DIRECTORY: '/a:/b' }, '/b'],
    [
      'beside the home of the system service, for its commands, too',
      '/var/lib/synapse',
      { HOME: '/root' },
      '/var/lib/synapse-backups',
    ],
    ['to the state of the user', '/h', { HOME: '/home/ada' }, '/home/ada/.local/state/synapse/backups'],
    ['to XDG_STATE_HOME', '/h', { HOME: '/home/ada', XDG_STATE_HOME: '/s' }, '/s/synapse/backups'],
    ['not to a relative one', '/h', { HOME: '/u', XDG_STATE_HOME: 's' }, '/u/.local/state/synapse/backups'],
    ['nowhere, where that lies in the home', '/home/ada', { HOME: '/home/ada' }, undefined],
  ]
  test.each(rows)('%s', (_, home, env, expected) =>
    expect(usualBackupDirectory(home, env)).toBe(expected as string),
  )

  test('where SYNAPSE_BACKUP_DIR says, but never into the home', () => {
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
  ])('the daily time %p', (text, expected) => {
    using here = loading()
    expect(here.load({ SYNAPSE_BACKUP_DAILY_AT: text }).settings['backup.daily_at']).toBe(expected)
  })

  test.each(['24:00', '3:00', '03:60', 'noon'])('no time of day is %p', (text) => {
    using here = loading()
    expect(here.problems({ SYNAPSE_BACKUP_DAILY_AT: text })).toHaveLength(1)
  })

  test('a passphrase comes from a file, and is not told when it is too short', () => {
    using here = loading()
    const file = here.put('passphrase', 'correct horse\n')
    expect(here.load({ SYNAPSE_BACKUP_PASSPHRASE_FILE: file }).backupPassphrase).toBe('correct horse')
    const [problem] = here.problems({ SYNAPSE_BACKUP_PASSPHRASE: 'secret' })
    expect(problem?.problem).toContain('at least 8')
    expect(JSON.stringify(problem)).not.toContain('"secret')
  })
})
