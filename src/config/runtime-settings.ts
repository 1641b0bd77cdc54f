import { Value } from '@sinclair/typebox/value'
import { InvalidValue } from './config-error'
import { type DeclaredSetting, declaredSettings } from './declared'
import type { RuntimeKey, Values } from './settings'
import { valueFromJson, valueFromText } from './values'

/** The settings that can be changed in a running server, in the order of their declaration. */
export const runtimeSettings = declaredSettings.filter(
  (setting): setting is DeclaredSetting & { readonly key: RuntimeKey } => setting.applies === 'runtime',
)

const schemas = new Map(runtimeSettings.map(({ key, schema }) => [String(key), schema]))

/** Reports whether the setting with this key can be changed in a running server. */
export function isRuntimeKey(key: string): key is RuntimeKey {
  return schemas.has(key)
}

/** Returns the default value of a setting. */
export function builtIn({ default: fallback, setting }: DeclaredSetting['schema']): unknown {
  return setting.usual === undefined ? structuredClone(fallback) : setting.usual()
}

/** Reads a new value from JSON. @throws InvalidValue with a message that says what is expected */
export function settingFromJson<K extends RuntimeKey>(key: K, value: unknown): Values[K] {
  // The schema of the key has checked the value.
  return valueFromJson(schemaOf(key), value, { cwd: '/' }) as Values[K]
}

/**
 * Reads a new value from a command line: JSON if the setting accepts the parsed value, and otherwise text as
 * {@link valueFromText} reads it. @throws InvalidValue
 */
export function settingFromText<K extends RuntimeKey>(key: K, text: string): Values[K] {
  const schema = schemaOf(key)
  const json = jsonIn(text)
  if (json !== undefined && Value.Check(schema, json)) return settingFromJson(key, json)
  return valueFromText(schema, text, { cwd: '/' }) as Values[K]
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function schemaOf(key: RuntimeKey): DeclaredSetting['schema'] {
  const schema = schemas.get(key)
  if (schema === undefined) throw new InvalidValue(`${key} is no setting`)
  return schema
}
