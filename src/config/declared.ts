import type { TSchema } from '@sinclair/typebox'
import type { Alias, Applies, Declaration } from './declare'
import { type Key, SETTINGS } from './settings'

/** One setting as data: what the declaration says, whatever its type. */
export interface DeclaredSetting {
  readonly key: Key
  readonly env: string
  readonly aliases: readonly Alias[]
  readonly applies: Applies
  readonly setting: Declaration
  readonly schema: TSchema & { readonly setting: Declaration }
}

/** Every setting in the order of its declaration. */
export const declaredSettings: readonly DeclaredSetting[] = Object.entries(SETTINGS.properties).map(
  ([key, property]) => {
    const schema: TSchema & { applies: Applies; setting: Declaration } = property
    return {
      // The keys of `properties` are the keys; Object.entries only knows that they are text.
      key: key as Key,
      env: environmentName(key),
      aliases: schema.setting.aliases ?? [],
      applies: schema.applies,
      setting: schema.setting,
      schema,
    }
  },
)

/** The environment name of a key: `auth.session_days` is SYNAPSE_AUTH_SESSION_DAYS. */
function environmentName(key: string): string {
  return `SYNAPSE_${key.toUpperCase().replaceAll('.', '_')}`
}

/** Names that mean something to others: to the compose file, to our clients, between `--daemon` and its child. */
const OTHERS_NAMES = [
  'SYNAPSE_PG_PASSWORD',
  'SYNAPSE_BOOT_ID',
  'SYNAPSE_CONFIG',
  'SYNAPSE_URL',
  'SYNAPSE_HANDLE',
  'SYNAPSE_TOKEN',
  'SYNAPSE_TOKEN_FILE',
]

/** Every environment name that is known here. */
export const knownNames: ReadonlySet<string> = new Set([
  ...declaredSettings.flatMap(({ env, aliases, setting }) =>
    [env, ...aliases.map(({ name }) => name)].flatMap((name) =>
      setting.secret === undefined ? [name] : [name, `${name}_FILE`],
    ),
  ),
  ...OTHERS_NAMES,
])
