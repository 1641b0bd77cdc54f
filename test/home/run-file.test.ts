import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { homePaths, prepareHome, readPid, readRunFile, removeRunFiles, startRunRecord } from '../../src/home'
import { runFile } from './run-file-of'
import { restoreUmask, temporaryDirectory } from './temporary'

restoreUmask()

describe('the run record', () => {
  test('starting a run record writes the pid file and the run file with the documented fields and mode 0600', () => {
    using directory = temporaryDirectory()
    prepareHome(directory.path)
    const { pid, runFile: path, run } = homePaths(directory.path)
    startRunRecord(directory.path, runFile({ pid: 4711 }))
    expect(readFileSync(pid, 'utf8')).toBe('4711\n')
    expect(Object.keys(JSON.parse(readFileSync(path, 'utf8')))).toEqual([
      ...['pid', 'boot_id', 'version', 'started_at', 'urls', 'socket', 'home', 'store_kind', 'store'],
      ...['args', 'supervisor', 'phase'],
    ])
    for (const file of [pid, path]) expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(run).sort()).toEqual(['synapse.json', 'synapse.pid'])
  })

  test('a run record can be read back in every phase', () => {
    using directory = temporaryDirectory()
    prepareHome(directory.path)
    const record = startRunRecord(directory.path, runFile())
    for (const phase of ['migrating', 'ready', 'draining', 'stopping'] as const) {
      record.update({ phase, urls: ['http://127.0.0.1:8080', 'http://[::1]:8080'] })
      const expected = runFile({ phase, urls: ['http://127.0.0.1:8080', 'http://[::1]:8080'] })
      expect(readRunFile(homePaths(directory.path).runFile)).toEqual(expected)
      expect(record.current).toEqual(expected)
    }
  })

  test('removing a run record removes both files, and removing it twice is harmless', () => {
    using directory = temporaryDirectory()
    prepareHome(directory.path)
    const record = startRunRecord(directory.path, runFile())
    record.remove()
    removeRunFiles(directory.path)
    expect(readdirSync(homePaths(directory.path).run)).toEqual([])
  })

  test('the run file is replaced atomically although a killed process left a temporary file', () => {
    using directory = temporaryDirectory()
    prepareHome(directory.path)
    const { runFile: path, run } = homePaths(directory.path)
    writeFileSync(`${path}.tmp`, '{"pid": 1, "boot', { mode: 0o644 })
    startRunRecord(directory.path, runFile())
    expect(readRunFile(path)).toEqual(runFile())
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(run).sort()).toEqual(['synapse.json', 'synapse.pid'])
  })
})

describe('run files that are ignored', () => {
  const rows: [string, string | undefined][] = [
    ['does not exist', undefined],
    ['is empty', ''],
    ['is cut off', JSON.stringify(runFile()).slice(0, -9)],
    ['is no object', '[1]'],
    ['lacks a field', JSON.stringify({ ...runFile(), boot_id: undefined })],
    ['has a field of the wrong type', JSON.stringify({ ...runFile(), urls: 'http://x' })],
    ['has an invalid pid', JSON.stringify(runFile({ pid: -1 }))],
    ['has an unknown phase', JSON.stringify({ ...runFile(), phase: 'asleep' })],
    ['is binary', '\u0000\u0001\ufffd'],
  ]
  test.each(rows)('a run file is ignored when it %s', (_, text) => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'synapse.json')
    if (text !== undefined) writeFileSync(path, text)
    expect(readRunFile(path)).toBeUndefined()
  })
})

test('a pid file is valid only when it holds one positive number', () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'synapse.pid')
  expect(readPid(path)).toBeUndefined()
  const rows: [string, number | undefined][] = [
    ['4711\n', 4711],
    [' 1 ', 1],
    ...['', '0', '-1', '-4711', '1e3', '12 13', 'x', '99999999999'].map((text): [string, undefined] => [
      text,
      undefined,
    ]),
  ]
  for (const [text, pid] of rows) {
    writeFileSync(path, text)
    expect(readPid(path)).toBe(pid)
  }
})
