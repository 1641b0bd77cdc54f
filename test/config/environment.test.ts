import { describe, expect, test } from 'bun:test'
import { type ProcessFacts, supervisorOf } from '../../src/config/environment'

const process: ProcessFacts = { pid: 4711, ppid: 4000, exists: () => false }
const docker = (path: string) => path === '/.dockerenv'
const podman = (path: string) => path === '/run/.containerenv'

describe('detecting the supervisor', () => {
  const rows: [string, Record<string, string>, Partial<ProcessFacts>, string | null][] = [
    ['none', {}, {}, null],
    ['systemd when it started this very process', { SYSTEMD_EXEC_PID: '4711' }, {}, 'systemd'],
    ['none in a terminal that systemd started', { SYSTEMD_EXEC_PID: '99', INVOCATION_ID: 'x' }, {}, null],
    ['Docker for the first process of a container', {}, { pid: 1, ppid: 0, exists: docker }, 'docker'],
    ['Docker below the init process of a container', {}, { ppid: 1, exists: docker }, 'docker'],
    ['Docker for Podman too', {}, { ppid: 1, exists: podman }, 'docker'],
    ['none in a shell inside a container', {}, { exists: docker }, null],
    ['none below the init process of a machine', {}, { ppid: 1 }, null],
    ['none for a process that --daemon started', { SYNAPSE_BOOT_ID: 'b' }, { ppid: 1, exists: docker }, null],
  ]
  test.each(rows)('the supervisor is %s', (_, env, facts, supervisor) => {
    expect(supervisorOf(env, { ...process, ...facts })).toBe(supervisor as null)
  })
})
