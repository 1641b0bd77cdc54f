import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HomeError, readTls } from '../../src/home/index'
import { selfSigned } from '../support/certificate'
import { temporaryDirectory, thrownBy } from './temporary'

const DAY_MS = 86_400_000

test('a certificate and its key are taken; one that has expired is mentioned', () => {
  using here = temporaryDirectory()
  const files = selfSigned(here.path)
  expect(readTls(files)).toMatchObject({
    cert: expect.stringContaining('BEGIN CERTIFICATE'),
    key: expect.stringContaining('PRIVATE KEY'),
    notices: [],
  })
  expect(readTls(files, Date.now() + 10 * DAY_MS).notices).toEqual([expect.stringContaining('has expired')])
})

test('what is no pair is refused (78), and nothing of the key is said', () => {
  using here = temporaryDirectory()
  const files = selfSigned(here.path)
  const other = selfSigned(here.path, 'other')
  const junk = join(here.path, 'junk.pem')
  writeFileSync(junk, 'a secret that is no key')
  const rows: [typeof files, string][] = [
    [{ ...files, key: other.key }, 'does not belong to'],
    [{ ...files, key: files.cert }, 'holds no private key'],
    [{ ...files, cert: files.key }, 'holds no certificate'],
    [{ ...files, key: junk }, 'holds no private key'],
    [{ ...files, cert: join(here.path, 'absent.pem') }, 'cannot be read (ENOENT)'],
  ]
  for (const [pair, part] of rows) {
    const error = thrownBy(() => readTls(pair))
    expect(error).toBeInstanceOf(HomeError)
    expect(error).toMatchObject({ exitCode: 78, message: expect.stringContaining(part) })
    expect(String(error)).not.toContain('a secret')
  }
})
