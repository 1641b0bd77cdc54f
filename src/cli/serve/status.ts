import { homePaths, isListening, type RunFile } from '../../home'
import { ownName } from '../lib/executable'
import { EXIT, type ExitCode } from '../lib/exit-codes'
import { isFree } from '../lib/home-lock'
import { print, printJson } from '../lib/terminal'
import type { ServeArgs } from './args'
import { homeToLookAfter } from './flags'
import { serverState, stateJson } from './server-state'

/** Prints the state of the server. Returns 0 if it answers, 1 if it runs but does not answer, 3 if it does not run. */
export async function showStatus(args: ServeArgs): Promise<ExitCode> {
  const { json } = args
  const home = homeToLookAfter(args)
  const state = await serverState(home)
  if (state.kind !== 'running') {
    if (json === true) printJson({ running: false, home })
    else {
      print(`synapse is not running on ${home}`)
      if (state.kind === 'foreign') print(`pid ${state.pid} in its run file is another program`)
      if (state.kind === 'none' && state.leftovers) print('the last server did not shut down cleanly')
      if (state.kind === 'none' && !state.leftovers && !(await isFree(home)))
        print(
          `its lock is held, by a command or by a server whose run files were removed (fuser ${homePaths(home).lock})`,
        )
    }
    return EXIT.notRunning
  }
  const { run, answering, isHere } = state
  if (json === true) printJson(stateJson(run, answering))
  else print(statusText(run, answering, isHere))
  return answering ? EXIT.ok : EXIT.failure
}

function statusText(run: RunFile, answering: boolean, isHere: boolean): string {
  const rows = {
    urls: run.urls.join(', ') || 'none yet',
    home: run.home,
    store: run.store_kind,
    socket: run.socket ?? 'off',
    started: `${run.started_at} (${uptime(Date.now() - Date.parse(run.started_at))} ago)`,
    phase: run.phase,
    pid: isHere ? String(run.pid) : `${run.pid} in another container or on another machine`,
    ...(run.supervisor === null ? {} : { supervisor: run.supervisor }),
  }
  const lines = Object.entries(rows).map(([name, value]) => `  ${name.padEnd(10)}  ${value}`)
  const headline = `synapse ${run.version} is running${answering ? '' : ', but does not answer'}`
  const hint = answering || !isListening(run) ? [] : [`to stop it: ${ownName()} serve --stop`]
  return [headline, ...lines, ...hint].join('\n')
}

/** Formats a duration with its two largest units, such as `3d 4h`. */
function uptime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const units: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ]
  const first = units.findIndex(([count]) => count > 0)
  const shown = first === -1 ? units.slice(-1) : units.slice(first, first + 2)
  return shown.map(([count, unit]) => `${count}${unit}`).join(' ')
}
