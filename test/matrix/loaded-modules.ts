// Boots a server in a home of its own, stops it, and writes the paths of the modules that this process has loaded.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { surfaces } from '../../src/app/surfaces'
import { loadConfig } from '../../src/config'
import { boot } from '../../src/main'
import { systemClock, systemTurns } from '../../src/platform'

const home = mkdtempSync(join(tmpdir(), 'synapse-modules-'))
try {
  const name = process.env.SYNAPSE_MATRIX_SERVER_NAME
  const env = {
    ...{ HOME: home, SYNAPSE_HOME: home, SYNAPSE_PORT: '0', SYNAPSE_DISCOVERY_MDNS_BROWSE: 'off' },
    ...(name === undefined ? {} : { SYNAPSE_MATRIX_SERVER_NAME: name }),
  }
  const config = loadConfig({ env, cwd: home, command: 'serve' })
  const running = await boot(config, {
    listen: false,
    log: () => {},
    clock: systemClock,
    turns: systemTurns,
    surfaces,
  })
  await running.stop()
  for (const path of Object.keys(require.cache)) console.log(path)
} finally {
  rmSync(home, { recursive: true, force: true })
}
process.exit(0)
