import { readPid } from '../../home'
import type { ServerState } from '../serve/server-state'
import { type Check, fail, pass, skip, warn } from './check'

/** Checks that the pid file and run file match the processes of this machine. */
export const processes: Check = {
  name: 'process',
  look({ state, isHeld, paths }) {
    switch (state.kind) {
      case 'foreign':
        return [
          fail(
            `pid ${state.pid} in ${paths.pid} is another program`,
            `rm ${paths.pid} ${paths.runFile}, if that process is not your server`,
          ),
        ]
      case 'running':
        return [pass(`${processOf(state)}, since ${state.run.started_at}`)]
      case 'none':
        if (state.leftovers)
          return [
            warn(
              `the server (pid ${readPid(paths.pid) ?? '?'}) ended without a clean shutdown`,
              'run synapse serve --stop to remove its files, or synapse serve to start again',
            ),
          ]
        if (isHeld)
          return [
            warn(
              'the home is locked, and no file tells by which process',
              `wait for the command to end, or find a server whose run files were removed: fuser ${paths.lock}`,
            ),
          ]
        return [skip('no server runs')]
    }
  },
}

function processOf({ run, isHere }: Extract<ServerState, { kind: 'running' }>): string {
  return isHere ? `pid ${run.pid}` : `pid ${run.pid} of another container or machine`
}
