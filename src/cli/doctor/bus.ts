import { type Check, fail, pass, warn } from './check'

/** Whether the servers over one store can wake each other. */
export const bus: Check = {
  name: 'bus',
  async look({ config: { busUrl, database } }) {
    if (busUrl === undefined) return [pass('no Redis is configured')]
    if (database.kind === 'sqlite')
      return [
        warn('SYNAPSE_BUS_URL has no effect: the store is a file of one server', 'unset SYNAPSE_BUS_URL'),
      ]
    const { examineRedis } = await import('../../app/examine-database')
    const fault = await examineRedis(busUrl)
    return [fault === undefined ? pass('Redis carries what it is given') : fail(fault.problem, fault.remedy)]
  },
}
