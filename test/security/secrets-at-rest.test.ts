import { expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

/** Every file below a folder, with its content. */
function filesIn(folder: string): [path: string, content: Buffer][] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => [path, readFileSync(path)])
}

/** The command lines of all processes. */
function processList(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      } catch {
        return ''
      }
    })
    .join('\n')
}

test('no secret of a daemon is in its files, its log, its backups or the process list in clear text', async () => {
  await using site = new Site()
  const canary = (what: string) => `${what}-${crypto.randomUUID()}`
  const [adminToken, passphrase] = [canary('admin-token'), canary('passphrase')]
  site.environment.SYNAPSE_ADMIN_TOKEN = adminToken
  site.environment.SYNAPSE_BACKUP_PASSPHRASE = passphrase
  site.environment.SYNAPSE_BACKUP_DIR = `${site.userHome}/backups`
  site.environment.SYNAPSE_METRICS_ENABLED = 'on'
  site.environment.SYNAPSE_LOG_LEVEL = 'debug'
  const { run } = await site.daemon()
  const { agent, admin } = await site.json<{
    agent: { token: string }
    admin: { handle: string; password: string }
  }>('quickstart', '--yes', '--json')
  const login = await fetch(`${run.urls[0]}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ handle: admin.handle, password: admin.password }),
  })
  const [, session = ''] = /synapse_session_\w+=([^;]+)/.exec(login.headers.get('set-cookie') ?? '') ?? []
  expect(session).not.toBe('')
  const authorization = `Bearer ${agent.token}`
  await fetch(`${run.urls[0]}/v1/auth/me`, { headers: { authorization } })
  await fetch(`${run.urls[0]}/v1/auth/me?token=${agent.token}`, {
    headers: { cookie: `synapse_session=${session}` },
  })
  await fetch(`${run.urls[0]}/v1/auth/me`, { headers: { authorization: `Bearer ${adminToken}` } })
  expect((await site.run('backup', 'create', '--with-keys')).code).toBe(0)
  const metrics = await (await fetch(`${run.urls[0]}/metrics`)).text()
  const status = await site.run('serve', '--status', '--json')

  const secrets = [adminToken, passphrase, agent.token, admin.password, session]
  const places: [string, Buffer | string][] = [
    ...filesIn(site.home),
    ...filesIn(`${site.userHome}/backups`),
    ['the list of processes', processList()],
    ['the metrics', metrics],
    ['the status', status.stdout + status.stderr],
  ]
  for (const [place, content] of places)
    for (const secret of secrets)
      expect({ place, found: content.includes(secret) }).toEqual({ place, found: false })
  const names = places.map(([place]) => place)
  for (const part of ['synapse.db', 'synapse.log', 'synapse.json', 'state.json', 'keys-'])
    expect({ part, looked: names.some((name) => name.includes(part)) }).toEqual({
      part,
      looked: part !== 'state.json',
    })
  expect((await site.run('serve', '--stop')).code).toBe(0)
  for (const [place, content] of filesIn(site.home))
    for (const secret of secrets)
      expect({ place, found: content.includes(secret) }).toEqual({ place, found: false })
})
