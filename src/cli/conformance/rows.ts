import type { Row } from './row'
import { accessRows } from './rows-access'
import { adminRows } from './rows-admin'
import { liveRows } from './rows-live'
import { messageRows } from './rows-messages'
import { togetherRows } from './rows-together'

/** Every rule, in the order in which they are checked. */
export const ROWS: readonly Row[] = [
  ...accessRows,
  ...messageRows,
  ...adminRows,
  ...liveRows,
  ...togetherRows,
]
