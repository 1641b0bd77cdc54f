import type { Command } from '../../lib/command'
import type { Entry } from '../../program'

const users = () => import('./users')
const tokens = () => import('./tokens')
const machines = () => import('./machines')
const data = () => import('./data')
const storage = () => import('./storage')
const transfer = () => import('./transfer')

/** The commands that administer ConfigSync, in the order of their help. */
export const CONFIGSYNC_ENTRIES: readonly Entry[] = [
  entry('enable', 'let an account use ConfigSync', async () => (await users()).enable),
  entry('disable', 'refuse an account; its data stays', async () => (await users()).disable),
  entry('usage', 'show what accounts store, and may store', async () => (await users()).usage),
  entry('quota', 'set how much an account may store', async () => (await users()).quota),
  entry('export', 'write everything of an account to a file', async () => (await transfer()).exportUser),
  entry('import', 'import an export, all or nothing', async () => (await transfer()).importUser),
  entry('purge', 'delete everything of an account for good', async () => (await users()).purge),
  entry('audit', 'list what an account did, newest first', async () => (await users()).audit),
  entry('token issue', 'issue a token, best one for each machine', async () => (await tokens()).issue),
  entry('token list', 'list the tokens of an account', async () => (await tokens()).list),
  entry('token revoke', 'revoke a token, effective immediately', async () => (await tokens()).revoke),
  entry('machines', 'list the machines of an account', async () => (await machines()).listMachines),
  entry('machine rename', 'rename a machine', async () => (await machines()).renameMachine),
  entry('machine remove', 'remove a machine', async () => (await machines()).removeMachine),
  entry('snapshots', 'list the states of an account', async () => (await storage()).listSnapshots),
  entry('snapshot export', 'write the ciphertext of a state', async () => (await storage()).exportSnapshot),
  entry('snapshot delete', 'delete a state', async () => (await storage()).deleteSnapshot),
  entry('entities', 'list the entities of an account', async () => (await storage()).listEntities),
  entry('versions', 'list the versions of an entity', async () => (await storage()).listVersions),
  entry('action add', 'instruct a machine', async () => (await machines()).addAction),
  entry('action list', 'list what waits for machines', async () => (await machines()).listActions),
  entry('action clear', 'remove what waits for a machine', async () => (await machines()).clearActions),
  entry('env list', 'list the environments of an account', async () => (await data()).listEnvironments),
  entry(
    'env remove',
    'remove an environment, also the last one',
    async () => (await data()).removeEnvironment,
  ),
  entry('keypair show', 'show the public part of a key pair', async () => (await data()).showKeypair),
  entry('keypair reset', 'delete a key pair that is lost', async () => (await data()).resetKeypair),
  entry('prune', 'apply retention now', async () => (await storage()).prune),
  entry('gc', 'remove stored bytes that nothing refers to', async () => (await storage()).gc),
  entry(
    'migrate-store',
    'copy stored bytes from a folder to a bucket, or back',
    async () => (await import('./migrate-store')).migrateStore,
  ),
  entry('verify', 'read all stored bytes and check them', async () => (await storage()).verify),
]

function entry(name: string, summary: string, load: () => Promise<Command>): Entry {
  return { group: 'ConfigSync', name: `configsync ${name}`, summary, load }
}
