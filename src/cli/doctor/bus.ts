import { type Check, fail, pass, warn } from './check'

/** Checks that the servers of one store can wake each other over Redis. */
export const bus: Check = {
  name: 'bus',
  async look({ config: { busUrl, database } }) {
    if (busUrl === undefined) return [pass('no Redis is configured')]
    if (database.kind === 'sqlite')
      return [
        warn('SYNAPSE_BUS_URL has no effect: a SQLite store has only one server', 'unset SYNAPSE_BUS_URL'),
      ]
    const { examineRedis } = await import('../../app/examine-database')
    const fault = await examineRedis(busUrl)
    return [fault === undefined ? pass('Redis delivers messages') : fail(fault.problem, fault.remedy)]
  },
}
