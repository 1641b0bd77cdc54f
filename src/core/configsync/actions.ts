import { AppError } from '../kernel/errors'
import { isEnvironmentName } from './environments'
import { TIERS } from './machine-ports'

const MAX_PAYLOAD_CHARACTERS = 16 * 1024

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string' && value !== ''
const isTextOrNull: Check = (value) => value === null || typeof value === 'string'
const isFlag: Check = (value) => typeof value === 'boolean'
// With another one, the client could never send its environments again.
const isEnvironment: Check = (value) => typeof value === 'string' && isEnvironmentName(value)
const isTier: Check = (value) => TIERS.some((tier) => tier === value)

interface Fields {
  readonly required: Readonly<Record<string, Check>>
  readonly optional?: Readonly<Record<string, Check>>
}

const environment: Fields = {
  required: { name: isEnvironment, tier: isTier },
  optional: { label: isTextOrNull, color: isTextOrNull, api_url: isTextOrNull, protect: isFlag },
}

/** What clients can be told to do. They ignore anything else without a word, so it is refused here. */
const actions: Readonly<Record<string, Fields>> = {
  add_module: { required: { name: isText } },
  remove_module: { required: { name: isText } },
  add_package: { required: { manager: isText, package: isText }, optional: { displayName: isText } },
  remove_package: { required: {}, optional: { item: isText, package: isText } },
  add_environment: environment,
  update_environment: environment,
  remove_environment: { required: { name: isText } },
}

export const ACTION_NAMES = Object.keys(actions)

/** Requires an action that clients apply, with the fields that they need. @throws invalid_action */
export function checkAction(action: string, payload: Readonly<Record<string, unknown>>): void {
  const fields = Object.hasOwn(actions, action) ? actions[action] : undefined
  if (!fields) throw invalid(`an action is one of ${ACTION_NAMES.join(', ')}`)
  const { required, optional = {} } = fields
  for (const [name, check] of Object.entries(required))
    if (!check(payload[name])) throw invalid(`${action} needs ${name} in its payload`)
  for (const [name, value] of Object.entries(payload)) {
    const check = Object.hasOwn(required, name)
      ? required[name]
      : Object.hasOwn(optional, name) && optional[name]
    if (!check)
      throw invalid(`${action} takes ${[...Object.keys(required), ...Object.keys(optional)].join(', ')}`)
    if (!check(value)) throw invalid(`${name} of ${action} has a value that clients do not take`)
  }
  if (action === 'remove_package' && payload.item === undefined && payload.package === undefined)
    throw invalid('remove_package needs item or package in its payload')
  if (JSON.stringify(payload).length > MAX_PAYLOAD_CHARACTERS)
    throw invalid(`a payload has at most ${MAX_PAYLOAD_CHARACTERS} characters`)
}

function invalid(message: string): AppError {
  return new AppError('invalid', 'invalid_action', message)
}
