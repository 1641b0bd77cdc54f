import { type Check, skip } from './check'

/** Checks of features that this version does not have. Each reports that it is skipped. */

export const federation: Check = {
  name: 'federation',
  look: () => [skip('this version has no federation')],
}
