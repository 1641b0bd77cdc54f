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

  test.each([
    ['hourly=24,daily=7,weekly=4,monthly=6', 'hourly=24,daily=7,weekly=4,monthly=6'],
    [' monthly=6  Daily=07, hourly=0 ', 'daily=7,monthly=6'],
    ['weekly=1', 'weekly=1'],
    ['off', null],
    ['null', null],
  ])('SYNAPSE_BACKUP_RETAIN accepts %p', (text, expected) => {
    using here = loading()
    expect(here.load({ SYNAPSE_BACKUP_RETAIN: text }).settings['backup.retain']).toBe(expected)
  })

  test.each([
    ['7', "'7'"],
    ['daily', "'daily'"],
    ['daily=7,yearly=1', "'yearly=1'"],
    ['daily=-1', "'daily=-1'"],
    ['daily=10000', "'daily=10000'"],
    ['daily=1.5', "'daily=1.5'"],
    ['daily = 7', "'daily'"],
    ['daily=7,daily=8', 'a second time'],
    ['daily=0', 'at least one'],
    [',', 'at least one'],
  ])('SYNAPSE_BACKUP_RETAIN refuses %p and names the fault', (text, fault) => {
    using here = loading()
    expect(here.problems({ SYNAPSE_BACKUP_RETAIN: text })).toEqual([
      {
        name: 'SYNAPSE_BACKUP_RETAIN',
        problem: expect.stringContaining(fault),
        remedy: expect.stringContaining('hourly=24'),
      },
    ])
  })

  test.each([
    ['https://hc.example.org/ping/5f1c?a=1#b', 'https://hc.example.org/ping/5f1c?a=1'],
    [' HTTP://hc.lan:8000 ', 'http://hc.lan:8000/'],
    ['off', null],
  ])('SYNAPSE_BACKUP_HEARTBEAT_URL accepts %p', (text, expected) => {
    using here = loading()
    expect(here.load({ SYNAPSE_BACKUP_HEARTBEAT_URL: text }).settings['backup.heartbeat_url']).toBe(expected)
  })

  test.each([
    'hc.example.org/hidden',
    'ftp://hc.example.org/hidden',
    'https:/hc.example.org/hidden',
    'https://a b/hidden',
    'https://user:hidden@hc.example.org/',
    `https://hc.example.org/hidden${'x'.repeat(2000)}`,
  ])('SYNAPSE_BACKUP_HEARTBEAT_URL refuses %p, and does not quote it', (text) => {
    using here = loading()
    const problems = here.problems({ SYNAPSE_BACKUP_HEARTBEAT_URL: text })
    expect(problems).toHaveLength(1)
    expect(JSON.stringify(problems)).not.toContain('hidden')
  })

  test('the heartbeat URL can come from a file', () => {
    using here = loading()
    const file = here.put('url', 'https://hc.example.org/ping\n')
    const { settings } = here.load({ SYNAPSE_BACKUP_HEARTBEAT_URL_FILE: file })
    expect(settings['backup.heartbeat_url']).toBe('https://hc.example.org/ping')
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
