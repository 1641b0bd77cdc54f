import { describe, expect, test } from 'bun:test'
import { OperatorError } from '../../src/core/kernel/operator-error'
import { chooseHome, type HomeQuestion, homePaths } from '../../src/home'
import { thrownBy } from './temporary'

const XDG = '/home/ada/.local/share/synapse'
const SYSTEM = '/var/lib/synapse'

function question(changes: Partial<HomeQuestion> & { there?: string[] } = {}): HomeQuestion {
  const { there = [], ...rest } = changes
  const exists = (path: string) => there.includes(path)
  return { env: {}, command: 'serve', cwd: '/srv', userHome: '/home/ada', uid: 1000, exists, ...rest }
}

describe('the home is', () => {
  const all = { SYNAPSE_HOME: '/b', STATE_DIRECTORY: '/c:/d', XDG_DATA_HOME: '/e' }
  const rows: [string, Parameters<typeof question>[0], string][] = [
    ['the value of --home before anything else', { flag: '/a', env: all }, '/a'],
    ['otherwise SYNAPSE_HOME', { env: all }, '/b'],
    ['otherwise the first entry of STATE_DIRECTORY', { env: { ...all, SYNAPSE_HOME: '' } }, '/c'],
    ['otherwise synapse in XDG_DATA_HOME', { env: { XDG_DATA_HOME: '/e' } }, '/e/synapse'],
    ['otherwise ~/.local/share/synapse', {}, XDG],
    ['not in XDG_DATA_HOME if that is relative', { env: { XDG_DATA_HOME: 'e' } }, XDG],
    ['relative to the current directory', { flag: 'data/../home' }, '/srv/home'],
    ['the XDG home for serve, even if the system home exists', { there: [SYSTEM] }, XDG],
    ['the XDG home for other commands when neither exists', { command: 'other' }, XDG],
    ['the only one that exists, for other commands: XDG', { command: 'other', there: [XDG] }, XDG],
    ['the only one that exists, for other commands: system', { command: 'other', there: [SYSTEM] }, SYSTEM],
    ['the system home for root when both exist', { command: 'other', there: [XDG, SYSTEM], uid: 0 }, SYSTEM],
    ['the XDG home for other users when both exist', { command: 'other', there: [XDG, SYSTEM] }, XDG],
    ['the XDG home for root when only that exists', { command: 'other', there: [XDG], uid: 0 }, XDG],
    [
      'the value of SYNAPSE_HOME for other commands too',
      { command: 'other', there: [SYSTEM], env: all },
      '/b',
    ],
    ['the system home for a user who has no home directory', { command: 'other', userHome: '' }, SYSTEM],
    [
      'a directory beside ~/.synapse if --home names one',
      { flag: '/home/ada/.synapse-server' },
      '/home/ada/.synapse-server',
    ],
  ]
  test.each(rows)('the home is %s', (_, changes, home) => {
    expect(chooseHome(question(changes))).toBe(home)
  })
})

describe('homes that are refused', () => {
  const rows: [string, Parameters<typeof question>[0]][] = [
    ['~/.synapse, which belongs to clients', { flag: '/home/ada/.synapse' }],
    ['~/.synapse written in another way', { env: { SYNAPSE_HOME: '../home/ada/x/../.synapse/' } }],
    ['inside ~/.synapse', { flag: '/home/ada/.synapse/server' }],
    ['the root directory', { flag: '/' }],
    ['a path that a database URL cannot contain', { flag: '/srv/what?/synapse' }],
    ['a path that SQLite reads as an in-memory database', { env: { SYNAPSE_HOME: '/srv/:memory:' } }],
    ['a path with a line break', { env: { SYNAPSE_HOME: '/srv/syn\napse' } }],
    ['a path with an escape character', { flag: '/srv/\u001b[2Jsynapse' }],
    ['an empty --home', { flag: ' ' }],
    ['not set and there is no home directory to derive it from', { userHome: '' }],
  ]
  test.each(rows)('the home is refused when it is %s', (_, changes) => {
    const error = thrownBy(() => chooseHome(question(changes)))
    expect(error).toBeInstanceOf(OperatorError)
    expect(error).toMatchObject({ kind: 'refused' })
  })
})

test('every file of a home has its documented path', () => {
  expect(homePaths('/h')).toEqual({
    root: '/h',
    env: '/h/synapse.env',
    database: '/h/synapse.db',
    keys: '/h/keys',
    instanceKey: '/h/keys/instance.ed25519',
    state: '/h/state.json',
    blobs: '/h/blobs',
    run: '/h/run',
    lock: '/h/run/lock.db',
    pid: '/h/run/synapse.pid',
    runFile: '/h/run/synapse.json',
    socket: '/h/run/synapse.sock',
    logs: '/h/logs',
    log: '/h/logs/synapse.log',
    out: '/h/logs/synapse.out',
  })
})
