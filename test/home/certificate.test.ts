import { afterEach, expect, test } from 'bun:test'
import { appendFileSync, copyFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { CertificateWatch, daysLeft, readTls, remarksOn } from '../../src/home'
import { issued, selfSigned } from '../support/certificate'
import { temporaryDirectory } from './temporary'

const DAY_MS = 86_400_000

let undo = new DisposableStack()
afterEach(() => {
  undo.dispose()
  undo = new DisposableStack()
})

function directory(): string {
  return undo.use(temporaryDirectory()).path
}

test('a certificate that expires soon is reported with the days left, and an expired one as broken', () => {
  const files = selfSigned(directory(), 'tls', 40)
  const pair = readTls(files)
  const after = (days: number) => remarksOn(pair, files.cert, Date.now() + days * DAY_MS)
  expect(daysLeft(pair)).toBe(39)
  expect(after(20)).toEqual([])
  expect(after(30)).toEqual([
    expect.objectContaining({ isBroken: false, problem: expect.stringContaining('ends in 9 days, on ') }),
  ])
  expect(after(41)).toEqual([
    expect.objectContaining({ isBroken: true, problem: expect.stringContaining('has expired on ') }),
  ])
  expect(after(-2)).toEqual([
    expect.objectContaining({ isBroken: true, problem: expect.stringContaining('is not valid before ') }),
  ])
})

test('a certificate that lasts a week is reported when less than three days are left', () => {
  const files = selfSigned(directory(), 'tls', 7)
  const pair = readTls(files)
  expect(remarksOn(pair, files.cert)).toEqual([])
  expect(remarksOn(pair, files.cert, Date.now() + 5 * DAY_MS)).toEqual([
    expect.objectContaining({ problem: expect.stringContaining('ends in 1 day, on ') }),
  ])
})

test('a certificate without its issuer is reported, and one with the whole chain is not', () => {
  const { cert, key, intermediate } = issued(directory())
  const remarks = () => remarksOn(readTls({ cert, key }), cert)
  expect(remarks()).toEqual([
    expect.objectContaining({ isBroken: false, problem: expect.stringContaining('the chain is missing') }),
  ])
  appendFileSync(cert, readFileSync(intermediate))
  expect(remarks()).toEqual([])
  // The same certificate again: it did not issue the one before it.
  appendFileSync(cert, readFileSync(cert))
  expect(remarks()).toEqual([
    expect.objectContaining({
      problem: expect.stringContaining('certificate 3 did not issue certificate 2'),
    }),
  ])
})

/** A watch over files that a test replaces; `said` holds what it logs. */
function watching(days = 40) {
  const folder = directory()
  const files = selfSigned(folder, 'served', days)
  const next = selfSigned(folder, 'next', 80)
  const said: string[] = []
  let renewals = 0
  let now = Date.now()
  const watch = undo.use(
    new CertificateWatch({
      files,
      pair: readTls(files),
      renew: () => renewals++,
      say: (level, message) => said.push(`${level} ${message}`),
      report: (fault) => {
        throw fault
      },
      now: () => now,
    }),
  )
  return {
    files,
    next,
    said,
    watch,
    renewals: () => renewals,
    passes: (days: number) => {
      now += days * DAY_MS
      watch.look()
    },
  }
}

test('replaced certificate files are loaded once, and unchanged files are not loaded again', () => {
  const { files, next, said, watch, renewals } = watching()
  watch.look()
  expect(renewals()).toBe(0)
  copyFileSync(next.cert, files.cert)
  copyFileSync(next.key, files.key)
  watch.look()
  watch.look()
  expect(renewals()).toBe(1)
  expect(watch.current.cert).toBe(readFileSync(next.cert, 'utf8'))
  expect(said).toEqual(['info the certificate was replaced'])
})

test('a certificate whose key follows a moment later is loaded without an error', () => {
  const { files, next, said, watch, renewals } = watching()
  copyFileSync(next.cert, files.cert)
  watch.look()
  copyFileSync(next.key, files.key)
  watch.look()
  expect([renewals(), said]).toEqual([1, ['info the certificate was replaced']])
})

test.each([
  ['do not fit each other', ({ next, files }) => copyFileSync(next.cert, files.cert), 'does not belong to'],
  ['are no certificate', ({ files }) => writeFileSync(files.cert, 'junk'), 'holds no certificate'],
  ['are gone', ({ files }) => rmSync(files.key), 'cannot be read (ENOENT)'],
] satisfies [string, (of: ReturnType<typeof watching>) => void, string][])(
  'the server keeps its certificate if the new files %s, and logs the reason once',
  (_, spoil, words) => {
    const scene = watching()
    const before = scene.watch.current
    spoil(scene)
    for (let i = 0; i < 4; i++) scene.watch.look()
    expect(scene.renewals()).toBe(0)
    expect(scene.watch.current).toEqual(before)
    expect(scene.said).toEqual([
      expect.stringMatching(
        /^error the new certificate cannot be used, and the previous one is still served: /,
      ),
    ])
    expect(scene.said[0]).toContain(words)
  },
)

test('the remaining days of a certificate are logged once a day', () => {
  const { said, passes } = watching()
  passes(20)
  expect(said).toEqual([])
  passes(10)
  passes(0)
  passes(1)
  expect(said).toEqual([expect.stringContaining('ends in 9 days'), expect.stringContaining('ends in 8 days')])
})

test('a symbolic link that now points to other files is followed', () => {
  const { files, next, watch, renewals } = watching()
  for (const which of ['cert', 'key'] as const) {
    rmSync(files[which])
    symlinkSync(next[which], files[which])
  }
  watch.look()
  expect(renewals()).toBe(1)
})
