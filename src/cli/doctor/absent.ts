import { type Check, skip } from './check'

/** Checks of features that this version does not have. Each reports that it is skipped. */

export const federation: Check = {
  name: 'federation',
  look: () => [skip('this version has no federation')],
}

export const configsync: Check = {
  name: 'configsync',
  look: () => [skip('this version has no ConfigSync')],
}

export const webhook: Check<unknown> = {
  name: 'webhook',
  look: () => [skip('this version has no webhooks')],
}
