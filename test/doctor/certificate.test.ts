import { expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { shownAt } from '../../src/cli/doctor/shown-certificate'
import { readTls } from '../../src/home'
import { expired, selfSigned } from '../support/certificate'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { examined } from './examined'

setDefaultTimeout(120_000)

const secured = ({ cert, key }: { cert: string; key: string }) => ({
  SYNAPSE_TLS_CERT: cert,
  SYNAPSE_TLS_KEY: key,
})

test('doctor shows how long the certificate is valid, and a replaced one is served without a restart', async () => {
  await using site = new Site()
  const files = selfSigned(site.directory, 'served', 40)
  const next = selfSigned(site.directory, 'next', 2)
  const environment = secured(files)
  await using server = await site.serveWith(environment)
  expect((await examined(site, environment)).of('certificate')).toMatchObject({
    status: 'pass',
    detail: expect.stringContaining('is valid for 39 days'),
  })
  copyFileSync(next.cert, files.cert)
  copyFileSync(next.key, files.key)
  const wanted = readTls(files).chain[0].fingerprint256
  await until('the new certificate', async () => (await shownAt(server.url))?.fingerprint === wanted, 30_000)
  expect((await examined(site, environment)).of('certificate')).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('ends in 1 day, on '),
  })
  writeFileSync(files.cert, 'junk')
  await until('the log', () => server.written.includes('the new certificate cannot be used'), 30_000)
  expect((await examined(site, environment)).of('certificate')).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('holds no certificate'),
  })
  expect((await shownAt(server.url))?.fingerprint).toBe(wanted)
  // What is configured now is not what the server serves.
  const other = selfSigned(site.directory, 'other', 40)
  expect((await examined(site, secured(other))).of('certificate')).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('serves another certificate'),
  })
})

test('doctor reports an expired certificate as expired, both on the server and on a client', async () => {
  await using site = new Site()
  const files = expired(site.directory)
  await using server = await site.serveWith(secured(files))
  expect((await examined(site, secured(files))).of('certificate')).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('has expired on '),
  })
  expect(server.written).toContain('has expired on ')
  const outside = await examined(site, {}, '--url', server.url)
  expect(outside.of('server')).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('has expired on '),
    fix: expect.stringContaining('renew it'),
  })
})

test('config check fails for certificates that are missing, mismatched or unusable', async () => {
  await using site = new Site()
  const files = selfSigned(site.directory, 'one', 40)
  const other = selfSigned(site.directory, 'other')
  const junk = join(site.directory, 'junk.pem')
  writeFileSync(junk, 'junk')
  const check = (pair: typeof files) => site.runWith(secured(pair), 'config', 'check')
  expect(await check(files)).toMatchObject({ code: 0 })
  expect((await check(other)).stdout).toContain('ends in 1 day, on ')
  const rows: [typeof files, string][] = [
    [{ ...files, key: join(site.directory, 'absent.pem') }, 'cannot be read (ENOENT)'],
    [{ ...files, key: other.key }, 'does not belong to'],
    [{ ...files, cert: junk }, 'holds no certificate'],
    [{ ...files, key: junk }, 'holds no private key'],
  ]
  for (const [pair, words] of rows) {
    const { code, stderr } = await check(pair)
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(words) })
  }
  rmSync(files.cert)
  expect((await check(files)).stderr).toContain(files.cert)
})

test('doctor checks the certificate and the store that the server got as flags', async () => {
  await using site = new Site()
  const files = selfSigned(site.directory, 'flagged', 40)
  const store = join(site.directory, 'elsewhere.db')
  const words = ['--tls-cert', files.cert, '--tls-key', files.key, '--database-url', `sqlite:${store}`]
  await using _server = await site.serve(...words)
  const seen = await examined(site)
  expect(seen.of('certificate')).toMatchObject({
    status: 'pass',
    detail: expect.stringContaining('is valid for 39 days'),
  })
  expect(seen.of('store')).toMatchObject({ status: 'pass', detail: expect.stringContaining('intact') })
  writeFileSync(files.cert, 'junk')
  expect((await examined(site)).of('certificate')).toMatchObject({ status: 'fail' })
})
