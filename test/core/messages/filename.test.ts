import { expect, test } from 'bun:test'
import { filenameOf } from '../../../src/core/messages/filename'

test.each([
  ['../../etc/passwd', 'passwd'],
  ['C:\\temp\\x.txt', 'x.txt'],
  ['in\u0007voice\u202egnp.exe', 'invoicegnp.exe'],
  [' \u200f a.txt ', 'a.txt'],
  ['line\nbreak\ud800', 'linebreak'],
  ['..', 'file'],
  ['a/', 'file'],
  ['', 'file'],
  ['.env', '.env'],
])('the name %j becomes %j', (given, expected) => {
  expect(filenameOf(given)).toBe(expected)
})

test('a long name keeps its ending and has at most 255 bytes', () => {
  const name = filenameOf(`${'ü'.repeat(300)}.png`)
  expect(name).toEndWith('ü.png')
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
  expect(Buffer.byteLength(filenameOf('😀'.repeat(100)))).toBe(252)
})
