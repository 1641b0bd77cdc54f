// A client may send its master password in place of a token. A server keeps nothing of it.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { undeployedEndpoints } from '../../scripts/offline-endpoints'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

/** All forms in which a careless server could keep a text. */
function formsOf(secret: string): Buffer[] {
  const hash = new Bun.CryptoHasher('sha256').update(secret).digest()
  return [
    Buffer.from(secret),
    hash,
    Buffer.from(hash.toString('hex')),
    Buffer.from(hash.toString('base64').slice(0, -2)),
    Buffer.from(Buffer.from(secret).toString('base64').slice(0, 24)),
    Buffer.from(Buffer.from(secret).toString('hex')),
  ]
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
}

test('no failed bearer, token or password is in an answer, the log, metrics, the audit or a file', async () => {
  await using site = new Site()
  site.environment.SYNAPSE_METRICS_ENABLED = 'on'
  site.environment.SYNAPSE_LOG_LEVEL = 'debug'
  site.environment.SYNAPSE_LOG_REQUESTS = 'all'
  const { run } = await site.daemon()
  const url = run.urls[0] ?? ''
  await site.json('add-account', '--kind', 'human', '--handle', 'ada', '--password', 'correct horse')
  await site.json('configsync', 'enable', 'ada')
  const random = () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')
  const part = random()
  const secrets = [
    `my master password ${random()}`,
    `cs_${random()}`,
    `syn_${random()}`,
    random(),
    `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${part}.${part}`,
  ]
  const seen: string[] = []
  const send = async (method: string, path: string, headers: Record<string, string>, body?: string) => {
    const answer = await fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
    seen.push(JSON.stringify([...answer.headers]), await answer.text())
    return answer.status
  }
  const endpoints = undeployedEndpoints().filter(({ tag }) => tag === 'ConfigSync')
  expect(endpoints.length).toBeGreaterThan(60)
  const statuses = new Set<number>()
  for (const secret of secrets) {
    const authorization = `Bearer ${secret}`
    for (const { method, path, who } of endpoints) {
      const target = path.replace(/:\w+/g, '1')
      const body = method === 'GET' ? undefined : '{}'
      if (who !== 'anyone') statuses.add(await send(method, target, { authorization }, body))
    }
    await send('GET', '/api/nothing', { authorization })
    for (const login of [{ token: secret }, { token: [secret] }, { password: secret }])
      await send('POST', '/configsync/api/auth/login', {}, JSON.stringify(login))
    await send('POST', '/api/auth/login', {}, `{"token":"${secret}"`)
  }
  const [password = ''] = secrets
  // Each compares a password, which takes long.
  for (const login of [
    { handle: 'ada', password },
    { handle: password, password: 'x' },
    { email: password, password: 'x' },
  ])
    expect(await send('POST', '/api/auth/login', {}, JSON.stringify(login))).toBe(401)
  // The first failures are 401, and later ones 429.
  expect([...statuses].sort()).toEqual([401, 429])
  seen.push((await site.run('audit', '--limit', '500')).stdout)
  seen.push((await site.run('configsync', 'audit', 'ada')).stdout)
  const metrics = await fetch(`${url}/metrics`)
  expect(metrics.status).toBe(200)
  seen.push(await metrics.text())
  await site.run('backup', 'create')
  await site.run('serve', '--stop')
  const files = [...filesIn(site.userHome), ...filesIn(site.home)]
  expect(files.some((path) => path.endsWith('synapse.db'))).toBeTrue()
  expect(files.some((path) => path.endsWith('.log') || path.endsWith('.out'))).toBeTrue()
  for (const path of files) seen.push(readFileSync(path).toString('latin1'))
  const text = Buffer.from(seen.join('\n'), 'latin1')
  const found = secrets.flatMap((secret) =>
    formsOf(secret).flatMap((form, i) => (text.includes(form) ? [`form ${i} of ${secret}`] : [])),
  )
  expect(found).toEqual([])
  // What is looked for would be found: failures are audited with their address.
  expect(text.includes('verify.failed')).toBeTrue()
})
