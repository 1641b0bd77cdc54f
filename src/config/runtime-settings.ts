import { InvalidValue } from './config-error'
import { type DeclaredSetting, declaredSettings } from './declared'
import type { RuntimeKey, Values } from './settings'
import { valueFromJson, valueFromText } from './values'

const runtime = new Map<string, DeclaredSetting>(
  declaredSettings.filter(({ applies }) => applies === 'runtime').map((setting) => [setting.key, setting]),
)

/** Whether this key can be changed in the running server. */
export function isRuntimeKey(key: string): key is RuntimeKey {
  return runtime.has(key)
}

/** A new value as JSON gives it, in the form that is kept. @throws InvalidValue, `message` says what is expected */
export function settingFromJson<K extends RuntimeKey>(key: K, value: unknown): Values[K] {
  // The schema of the key is what checked it.
  return valueFromJson(schemaOf(key), value, { cwd: '/' }) as Values[K]
}

/** A new value as a command line gives it: JSON, on/off, or words separated by commas. @throws InvalidValue */
export function settingFromText<K extends RuntimeKey>(key: K, text: string): Values[K] {
  return valueFromText(schemaOf(key), text, { cwd: '/' }) as Values[K]
}

function schemaOf(key: RuntimeKey): DeclaredSetting['schema'] {
  const setting = runtime.get(key)
  if (setting === undefined) throw new InvalidValue(`${key} is no setting`)
  return setting.schema
}
