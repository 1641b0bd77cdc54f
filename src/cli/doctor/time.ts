import { type Check, pass, skip, warn } from './check'

const NOTABLE_MS = 2000

/** Checks that the clock of this machine agrees with that of a shared database, whose times all servers use. */
export const time: Check = {
  name: 'time',
  async look({ examined }) {
    const seen = await examined?.()
    if (seen === undefined) return [pass('the store uses the clock of this machine')]
    if (seen.trouble !== undefined) return [skip('the database does not tell its time')]
    const { aheadOrBehind } = await import('../../app/examine-database')
    const { aheadMs } = seen
    if (Math.abs(aheadMs) <= NOTABLE_MS) return [pass('this machine and the database agree')]
    return [
      warn(
        `the clock of this machine is ${aheadOrBehind(aheadMs)} of the database's`,
        'synchronize the clock that is wrong: timedatectl set-ntp true',
      ),
    ]
  },
}
