// Fetches the Matrix clients that the tests run, into test/matrix/clients/node_modules: bun scripts/matrix-clients.ts
//
// They come from the package registry, as their lock file names them. Nothing of them is in the executable, and nothing of
// them runs when they are installed. Without them, the tests that need them are skipped, except in CI.
import { join, resolve } from 'node:path'

const folder = join(resolve(import.meta.dir, '..'), 'test/matrix/clients')
const cmd = [process.execPath, 'install', '--frozen-lockfile', '--ignore-scripts', '--linker=hoisted']
const { success, stderr } = Bun.spawnSync(cmd, { cwd: folder, stdout: 'ignore', stderr: 'pipe' })
if (!success) console.log(`skipping the tests with Matrix clients: ${stderr.toString().trim()}`)
