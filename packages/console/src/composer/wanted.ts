// Who presses Reply in a channel writes in the thread that opens then, once its field is there.
import { type Place, placeKey } from '../state'

let wanted: string | undefined

/** The field of a place takes the focus when it is shown next. */
export function writeIn(place: Place): void {
  wanted = placeKey(place)
}

/** Whether the field of a place is to take the focus. Says so once. */
export function takesWriting(place: Place): boolean {
  if (wanted !== placeKey(place)) return false
  wanted = undefined
  return true
}
