import { expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readState, writeState } from '../../src/home'
import { temporaryDirectory } from './temporary'

const EPOCH = '01M7Y5WJA00A1B2C3D4E5F6G7H'

test('state.json stores the epoch and the last seq with mode 0600, and no temporary file remains', () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'state.json')
  expect(readState(path)).toEqual({})
  for (const lastSeq of [0, 41, Number.MAX_SAFE_INTEGER]) {
    writeState(path, { epoch: EPOCH, lastSeq })
    expect(readState(path)).toEqual({ mark: { epoch: EPOCH, lastSeq } })
  }
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ epoch: EPOCH, last_seq: Number.MAX_SAFE_INTEGER })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(directory.path)).toEqual(['state.json'])
})

const damaged = [
  '',
  '{"epoch":"01M7Y5',
  '[]',
  'null',
  '{}',
  `{"epoch":"${EPOCH}","last_seq":-1}`,
  `{"epoch":"${EPOCH}","last_seq":1.5}`,
  `{"epoch":"${EPOCH}","last_seq":"1"}`,
  '{"epoch":"today","last_seq":1}',
]
test.each(damaged)('a damaged state.json is ignored with a warning: %p', (text) => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'state.json')
  writeFileSync(path, text)
  const { mark, notice } = readState(path)
  expect(mark).toBeUndefined()
  expect(notice).toContain(path)
})

test('a state.json that cannot be read is ignored with a warning', () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'state.json')
  mkdirSync(path)
  expect(readState(path)).toEqual({ notice: expect.stringContaining('EISDIR') })
})
