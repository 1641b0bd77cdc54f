import { isObject, type JsonObject } from './canonical'
import type { Pdu } from './events'
import { parseUserId } from './ids'
import { creatorsOf, PowerLevels, parseLevel } from './power'
import { type AuthContext, allowed, refused, type Verdict } from './verdict'

/** Rule 10 of authorisation: who may change which power levels (spec.matrix.org, "Room Versions"). */

const NUMBERS = [
  'users_default',
  'events_default',
  'state_default',
  'ban',
  'redact',
  'kick',
  'invite',
] as const

/** Judges a power-levels event of a joined sender whose level suffices for the type. */
export function judgePowerLevels(event: Pdu, create: Pdu, context: AuthContext): Verdict {
  const { version, state } = context
  const { content } = event
  const problem = problemOfLevels(content, context) ?? problemOfUsers(content, create, context)
  if (problem !== undefined) return refused('power_levels', problem)
  const before = state.event('m.room.power_levels', '')?.pdu.content
  if (!before) return allowed

  const level = new PowerLevels(version, state).of(event.sender)
  const changes = (old: JsonObject, now: JsonObject, keys: Iterable<string>) =>
    [...keys].flatMap((key) => {
      const was = levelAt(old, key)
      const becomes = levelAt(now, key)
      return was === becomes ? [] : [{ key, was, becomes }]
    })
  const levelAt = (map: JsonObject, key: string) =>
    Object.hasOwn(map, key) ? parseLevel(version, map[key]) : undefined
  const isAbove = (value: number | undefined) => value !== undefined && value > level

  const maps = version.checksNotificationLevels
    ? (['events', 'notifications'] as const)
    : (['events'] as const)
  const acts = [
    ...changes(before, content, NUMBERS),
    ...maps.flatMap((map) => {
      const [old, now] = [mapIn(before, map), mapIn(content, map)]
      return changes(old, now, new Set([...Object.keys(old), ...Object.keys(now)]))
    }),
  ]
  const act = acts.find(({ was, becomes }) => isAbove(was) || isAbove(becomes))
  if (act) return refused('power_levels', `The power level of the sender is too low to change ${act.key}`)

  const [oldUsers, users] = [mapIn(before, 'users'), mapIn(content, 'users')]
  const people = changes(oldUsers, users, new Set([...Object.keys(oldUsers), ...Object.keys(users)]))
  const person = people.find(
    ({ key, was, becomes }) =>
      (key !== event.sender && was !== undefined && was >= level) || isAbove(becomes),
  )
  if (person)
    return refused('power_levels', `The power level of the sender is too low to change that of ${person.key}`)
  return allowed
}

function mapIn(content: JsonObject, member: string): JsonObject {
  const map = content[member]
  return isObject(map) ? map : {}
}

/** In versions with integer levels, what is present must be one, or a map of them. */
function problemOfLevels(content: JsonObject, { version }: AuthContext): string | undefined {
  if (!version.integerLevels) return undefined
  for (const member of NUMBERS)
    if (content[member] !== undefined && parseLevel(version, content[member]) === undefined)
      return `${member} must be an integer`
  for (const member of ['events', 'notifications'] as const) {
    const map = content[member]
    if (map === undefined) continue
    if (!isObject(map)) return `${member} must be an object of integers`
    const wrong = Object.keys(map).find((key) => parseLevel(version, map[key]) === undefined)
    if (wrong !== undefined) return `The level of ${wrong} in ${member} must be an integer`
  }
  return undefined
}

function problemOfUsers(content: JsonObject, create: Pdu, { version }: AuthContext): string | undefined {
  const { users } = content
  if (users === undefined) return undefined
  if (!isObject(users)) return 'users must be an object of integers'
  const creators = new Set(creatorsOf(version, create.sender, create.content))
  for (const [id, level] of Object.entries(users)) {
    if (!parseUserId(id)) return `users names ${id}, which is no user id`
    if (parseLevel(version, level) === undefined) return `The level of ${id} must be an integer`
    if (creators.has(id)) return `users names ${id}, who created the room and is above every level`
  }
  return undefined
}
