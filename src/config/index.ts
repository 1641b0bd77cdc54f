// One declaration of every setting, and what follows from it: types, reading, checking, documentation.
// Also the only reader of the process environment.
// May import: home (where the home is, what an instance key is), @sinclair/typebox, node. Nothing else of Synapse.
// Used by cli and main.ts, which hand on values, never this folder, to the rest; scripts/generate.ts uses docs.ts.
// Start reading in settings.ts, then load.ts.

export type { Config } from './config.ts'
export { ConfigError, type ConfigProblem, InvalidValue } from './config-error.ts'
export { type DatabaseChoice, maskUrl } from './database-url.ts'
export { type DeclaredSetting, declaredSettings } from './declared.ts'
export type { Environment, Supervisor } from './environment.ts'
export { bootstrapToken, type ConfigRequest, type Flags, findHome, loadConfig } from './load.ts'
export type { NamedAliases } from './names.ts'
export { parseRate, type Rate } from './rate.ts'
export { isRuntimeKey, settingFromJson, settingFromText } from './runtime-settings.ts'
export type { FlagName, Key, RuntimeKey, SettingValues } from './settings.ts'
export type { Source } from './sources.ts'
