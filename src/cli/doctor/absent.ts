import { type Check, skip } from './check'

/** Parts that this version does not have. Their lines are there all the same, and say so. */

export const federation: Check = {
  name: 'federation',
  look: () => [skip('this version pairs with no other server')],
}

export const configsync: Check = {
  name: 'configsync',
  look: () => [skip('this version keeps no snapshots of clients')],
}

export const webhook: Check<unknown> = {
  name: 'webhook',
  look: () => [skip('this version calls no webhooks')],
}
