// A user without an account, known to the system by its uid alone, as in many containers.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type RunFile, readRunFile } from '../../src/home'
import { program, Site } from '../support/site'

setDefaultTimeout(120_000)

const UID = 54321
const WHO = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups']
const can =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  Bun.which('setpriv') !== null &&
  // Other users may not be able to reach the program.
  Bun.spawnSync([...WHO, ...program, '--version'], { stdout: 'ignore', stderr: 'ignore' }).success
if (!can)
  console.log(
    'skipped: a user without an entry in /etc/passwd, which needs root, setpriv and a program that others reach',
  )

test.skipIf(!can)('a user without HOME and without an account can run a server and commands', async () => {
  await using site = new Site()
  const { home } = site
  const backups = join(site.directory, 'backups')
  const owned = join(site.directory, 'cwd')
  chmodSync(site.directory, 0o755)
  for (const folder of [home, backups, owned]) {
    mkdirSync(folder, { mode: 0o700 })
    chownSync(folder, UID, UID)
  }
  const run = (settings: string[], ...words: string[]) => {
    return site.spawn([
      'env',
      '-i',
      `-C${owned}`,
      'PATH=/usr/bin:/bin',
      ...settings,
      ...WHO,
      ...program,
      ...words,
    ])
  }
  const ok = async (settings: string[], ...words: string[]) => {
    const { code, stdout, stderr } = await run(settings, ...words)
    expect({ words, code, stderr }).toEqual({
      words,
      code: 0,
      stderr: expect.not.stringContaining('error'),
    })
    return stdout
  }
  await ok([], 'init', '--home', home)
  const kept = [`SYNAPSE_BACKUP_DIR=${backups}`]
  await ok(kept, 'serve', '--daemon', '--port', '0', '--home', home)
  const { pid, urls } = readRunFile(site.paths.runFile) as RunFile
  site.remember(pid)
  await ok(kept, 'quickstart', '--yes', '--home', home)
  await ok(kept, 'backup', 'create', '--home', home)
  await ok(kept, 'config', 'check', '--home', home)
  const examined = await run(kept, 'doctor', '--home', home)
  expect(examined.stderr).not.toContain('error')
  await ok(kept, 'discover', '--url', urls[0] ?? '')
  await ok(kept, 'serve', '--stop', '--home', home)
  const code = ['--url', urls[0] ?? '', '--code', '7K3M-9QZC42AB']
  for (const [words, says] of [
    [['serve', '--port', '0'], 'no home is configured'],
    [['backup', 'create', '--home', home], 'SYNAPSE_BACKUP_DIR'],
    [['join', ...code], 'set HOME'],
  ] as const) {
    const refused = await run([], ...words)
    expect(refused.code).toBeGreaterThan(0)
    expect(refused.stderr).toContain(says)
    expect(refused.stderr).not.toContain('bug in Synapse')
  }
})
