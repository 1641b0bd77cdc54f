import { expect, test } from 'bun:test'
import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openLogFile } from '../../src/cli/serve/log-file'
import { temporaryDirectory } from '../home/temporary'

test('a log file has mode 0600, is appended to, and is rotated when it is full', () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'synapse.log')
  for (const line of ['one\n', 'two\n', 'three\n', 'four\n', 'five\n']) {
    using log = openLogFile(path, { rotateBytes: 8, kept: 1 })
    log.write(line)
  }
  expect(readFileSync(path, 'utf8')).toBe('five\n')
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('three\nfour\n')
  expect(readdirSync(directory.path).sort()).toEqual(['synapse.log', 'synapse.log.1'])
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('reopening creates a new log file after the old one was moved away', () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'synapse.log')
  using log = openLogFile(path)
  log.write('one\n')
  renameSync(path, `${path}.old`)
  log.write('two\n')
  log.reopen()
  log.write('three\n')
  expect(readFileSync(`${path}.old`, 'utf8')).toBe('one\ntwo\n')
  expect(readFileSync(path, 'utf8')).toBe('three\n')
})

test('a log whose directory is gone loses lines without an error', () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'logs', 'synapse.log')
  using log = openLogFile(path)
  log.write('lost\n')
  rmSync(directory.path, { recursive: true })
  log.reopen()
  log.write('lost\n')
})
