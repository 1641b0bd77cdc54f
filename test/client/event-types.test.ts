// The types of events in @synapse/client are those of the server. The compiler checks it; the tests show that it can fail.
import { expect, test } from 'bun:test'
import type { GapEvent, LogEvent, StreamEvent } from '@synapse/client'
import { eventKinds } from '../../src/core/log/catalogue'
import { type FrameType, frameKinds } from '../../src/core/log/frames'

type All = typeof eventKinds
/** The types that readers may see. */
type Kinds = { [Type in keyof All as All[Type]['audience'] extends 'nobody' ? never : Type]: All[Type] }
type LogType = keyof Kinds | 'inbox.item'
type PassingType = Exclude<StreamEvent, GapEvent | LogEvent>['type']

/** The keys of an event besides those that all have, and `replaces`, which the catalogue only describes. */
type Keys<Type> = Exclude<
  keyof Extract<LogEvent, { type: Type }>,
  'type' | 'channel' | 'seq' | 'cursor' | 'at' | 'actor' | 'replay' | 'replaces'
>

/** The types whose keys are not those of the catalogue. */
type Wrong = {
  [Type in keyof Kinds]: Same<Keys<Type>, Kinds[Type]['payload'][number]> extends true ? never : Type
}[keyof Kinds]
type Same<One, Other> = [One, Other] extends [Other, One] ? true : false

const sameTypes: Same<LogEvent['type'], LogType> = true
const samePassing: Same<PassingType, FrameType> = true
const sameKeys: Same<Wrong, never> = true

test('the client knows every type of event that the server has, and its keys', () => {
  expect([sameTypes, samePassing, sameKeys]).toEqual([true, true, true])
  expect(Object.keys(eventKinds).length).toBeGreaterThan(30)
  expect(frameKinds['delivery.updated'].payload).toEqual(['message_id', 'deliveries'])
})
