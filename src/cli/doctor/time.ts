import { type Check, pass, skip, warn } from './check'

const NOTABLE_MS = 2000

/** Whether the clock of this machine is that of the database, by which several servers agree on times. */
export const time: Check = {
  name: 'time',
  async look({ examined }) {
    const seen = await examined?.()
    if (seen === undefined) return [pass('the store is of this machine, and so are its times')]
    if (seen.trouble !== undefined) return [skip('the database does not say what time it is')]
    const { aheadOrBehind } = await import('../../app/examine-database')
    const { aheadMs } = seen
    if (Math.abs(aheadMs) <= NOTABLE_MS) return [pass('this machine and the database agree')]
    return [
      warn(
        `the clock of this machine is ${aheadOrBehind(aheadMs)} of the database's`,
        'set the clock of the one that is wrong, and keep it set: timedatectl set-ntp true',
      ),
    ]
  },
}
