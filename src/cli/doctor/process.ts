import { readPid } from '../../home'
import type { ServerState } from '../serve/server-state'
import { type Check, fail, pass, skip, warn } from './check'

/** Whether the files that say who runs there tell the truth. */
export const processes: Check = {
  name: 'process',
  look({ state, isHeld, paths }) {
    switch (state.kind) {
      case 'foreign':
        return [
          fail(
            `pid ${state.pid} in ${paths.pid} is another program`,
            `rm ${paths.pid} ${paths.runFile}, if no server of yours has that number`,
          ),
        ]
      case 'running':
        return [pass(`${processOf(state)}, since ${state.run.started_at}`)]
      case 'none':
        if (state.leftovers)
          return [
            warn(
              `pid ${readPid(paths.pid) ?? '?'} is gone, and did not stop by itself`,
              'synapse serve --stop tidies up, or synapse serve starts again',
            ),
          ]
        if (isHeld)
          return [
            warn(
              'the home is locked, and no file says by whom',
              `wait for the command to end, or find a server whose files are gone: fuser ${paths.lock}`,
            ),
          ]
        return [skip('no server runs')]
    }
  },
}

function processOf({ run, isHere }: Extract<ServerState, { kind: 'running' }>): string {
  return isHere ? `pid ${run.pid}` : `pid ${run.pid} of another container or machine`
}
