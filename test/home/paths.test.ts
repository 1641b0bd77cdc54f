import { describe, expect, test } from 'bun:test'
import { OperatorError } from '../../src/core/kernel/operator-error'
import { chooseHome, type HomeQuestion, homePaths } from '../../src/home/index'
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
    ['what --home says before anything else', { flag: '/a', env: all }, '/a'],
    ['else SYNAPSE_HOME', { env: all }, '/b'],
    ['else the first entry of STATE_DIRECTORY', { env: { ...all, SYNAPSE_HOME: '' } }, '/c'],
    ['else synapse in XDG_DATA_HOME', { env: { XDG_DATA_HOME: '/e' } }, '/e/synapse'],
    ['else ~/.local/share/synapse', {}, XDG],
    ['not in a relative XDG_DATA_HOME', { env: { XDG_DATA_HOME: 'e' } }, XDG],
    ['relative to the current directory', { flag: 'data/../home' }, '/srv/home'],
    ['the XDG one for serve although the system home exists', { there: [SYSTEM] }, XDG],
    ['the XDG one for other commands when neither exists', { command: 'other' }, XDG],
    ['the one that exists for other commands: XDG', { command: 'other', there: [XDG] }, XDG],
    ['the one that exists for other commands: system', { command: 'other', there: [SYSTEM] }, SYSTEM],
    ['for root the system home when both exist', { command: 'other', there: [XDG, SYSTEM], uid: 0 }, SYSTEM],
    ['for others the XDG one when both exist', { command: 'other', there: [XDG, SYSTEM] }, XDG],
    ['for root the XDG one when only that exists', { command: 'other', there: [XDG], uid: 0 }, XDG],
    ['what SYNAPSE_HOME says for other commands too', { command: 'other', there: [SYSTEM], env: all }, '/b'],
    ['the system home for a user without a home of their own', { command: 'other', userHome: '' }, SYSTEM],
    [
      'a neighbour of ~/.synapse if one says so',
      { flag: '/home/ada/.synapse-server' },
      '/home/ada/.synapse-server',
    ],
  ]
  test.each(rows)('%s', (_, changes, home) => {
    expect(chooseHome(question(changes))).toBe(home)
  })
})

describe('the home is refused when it is', () => {
  const rows: [string, Parameters<typeof question>[0]][] = [
    ['~/.synapse, which belongs to clients', { flag: '/home/ada/.synapse' }],
    ['~/.synapse by another way', { env: { SYNAPSE_HOME: '../home/ada/x/../.synapse/' } }],
    ['inside ~/.synapse', { flag: '/home/ada/.synapse/server' }],
    ['the root directory', { flag: '/' }],
    ['a path that a database cannot have', { flag: '/srv/what?/synapse' }],
    ['a path that SQLite takes for no file', { env: { SYNAPSE_HOME: '/srv/:memory:' } }],
    ['a path with a line end', { env: { SYNAPSE_HOME: '/srv/syn\napse' } }],
    ['a path with an escape', { flag: '/srv/\u001b[2Jsynapse' }],
    ['an empty --home', { flag: ' ' }],
    ['nowhere to be found', { userHome: '' }],
  ]
  test.each(rows)('%s', (_, changes) => {
    const error = thrownBy(() => chooseHome(question(changes)))
    expect(error).toBeInstanceOf(OperatorError)
    expect(error).toMatchObject({ kind: 'refused' })
  })
})

test('everything in a home has its documented place', () => {
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
