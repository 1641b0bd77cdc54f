import { type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { type Console, type Place, placeKey, type Refusal } from '../state'

const known = new WeakMap<Console, Map<string, Signal<Refusal | undefined>>>()

function entry(app: Console, place: Place): Signal<Refusal | undefined> {
  const places = known.get(app) ?? new Map<string, Signal<Refusal | undefined>>()
  known.set(app, places)
  const key = placeKey(place)
  const found = places.get(key) ?? signal<Refusal | undefined>(undefined)
  places.set(key, found)
  return found
}

/** Why the post was refused whose text is in the field again. */
export function reasonAt(app: Console, place: Place): ReadonlySignal<Refusal | undefined> {
  return entry(app, place)
}

/** The reason has been read: the text is sent anew, or something else is written. */
export function forgetReason(app: Console, place: Place): void {
  entry(app, place).value = undefined
}

/** Puts a post that was not sent back into the field, beside the reason. Reports whether there was one. */
export function putBack(app: Console, place: Place, key: string): boolean {
  const post = app.outbox
    .at(place)
    .peek()
    .find((one) => one.key === key)
  const draft = app.outbox.takeBack(key)
  if (!post || !draft) return false
  app.drafts.putBack(place, draft)
  entry(app, place).value = post.refusal ?? undefined
  return true
}
