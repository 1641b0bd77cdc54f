import { descriptorsOf, reservedFor } from '../../platform/descriptors'
import { type Check, fail, pass, skip, warn } from './check'

const RAISE =
  'LimitNOFILE=65536 in its unit, or ulimit -n 65536 before serve; then restart it: systemctl restart synapse, or synapse serve --restart'

/** Checks that the running server may open enough files for the connections that its settings allow. */
export const descriptors: Check = {
  name: 'descriptors',
  look({ state, settings }) {
    if (state.kind !== 'running') return [skip('no server runs')]
    const found = descriptorsOf(state.run.pid)
    if (found === undefined)
      return [skip('the open files of the server cannot be counted on this system or by this user')]
    const { used, limit } = found
    const detail = `${used} of ${limit} files and connections are open`
    const room = limit - reservedFor(limit)
    if (used > room - reservedFor(limit))
      return [fail(`${detail}: new clients are refused above ${room}`, RAISE)]
    const streams = settings.get('streams.total')
    if (typeof streams === 'number' && streams > room)
      return [
        warn(
          `${detail}; streams.total allows ${streams} streams, which is more than the limit`,
          `${RAISE}; or synapse config set streams.total ${Math.floor(room / 2)}`,
        ),
      ]
    return [pass(detail)]
  },
}
