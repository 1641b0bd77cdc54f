import type { DeclaredSetting, SettingRegistry, SettingValues } from '../core/governance/settings'
import { AppError } from '../core/kernel/errors'
import type { Config } from './config'
import { InvalidValue } from './config-error'
import { declaredSettings } from './declared'
import { parseGenerations } from './generations'
import { nearest } from './nearest'
import { parseAttempts, parseRate } from './rate'
import { builtIn, isRuntimeKey, runtimeSettings, settingFromJson } from './runtime-settings'
import type { SettingValues as Written } from './settings'

/** Returns the settings that can be changed in a running server. Their initial values are those of `config`. */
export function settingRegistry(config: Config): SettingRegistry {
  const declared = runtimeSettings.map(({ key, schema, setting }): [string, DeclaredSetting] => [
    key,
    {
      key,
      initial: config.settings[key],
      source: config.sources[key] === 'default' ? 'default' : 'env',
      default: builtIn(schema),
      isSecret: setting.secret !== undefined,
    },
  ])
  return {
    declared: new Map(declared),
    check: checked,
    // Each value was checked by the schema of its key.
    valuesWith: (set) => meaningOf({ ...config.settings, ...Object.fromEntries(set) } as Written),
  }
}

function checked(key: string, value: unknown): unknown {
  if (!isRuntimeKey(key)) throw unknown(key)
  try {
    return settingFromJson(key, value)
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error
    const extra = error.remedy === '' ? {} : { fix: error.remedy }
    throw new AppError('invalid', 'setting_invalid', `${key} ${behindName(error.message)}`, extra)
  }
}

/** Makes a message follow the name of the setting. Some messages begin with the bad part of the value. */
function behindName(message: string): string {
  return message.startsWith("'") ? `is refused: ${message}` : message
}

function unknown(key: string): AppError {
  const boot = declaredSettings.find((setting) => setting.key === key)
  const keys = runtimeSettings.map((setting) => setting.key)
  const message = boot
    ? `${key} is read when the server starts: set ${boot.env} and restart it`
    : `There is no setting of that name; the nearest is ${nearest(key, keys)}`
  return new AppError('not_found', 'setting_unknown', message)
}

/** Converts the values from the form they are written in to the form that the core uses. */
function meaningOf(written: Written): SettingValues {
  return {
    ...written,
    'backup.retain': parseGenerations(written['backup.retain']),
    'rate.login': parseAttempts(written['rate.login']),
    'rate.post': parseRate(written['rate.post']),
    'rate.read': parseRate(written['rate.read']),
    'rate.write': parseRate(written['rate.write']),
    'rate.search': parseRate(written['rate.search']),
    'rate.crypto': parseRate(written['rate.crypto']),
    'rate.media': parseRate(written['rate.media']),
  }
}
