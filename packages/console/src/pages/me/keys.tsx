import { KeyLists } from '../../palette/keys-dialog'

/** All keys, and the switch of those that act without Ctrl or Alt. */
export function Keys() {
  return <KeyLists />
}
