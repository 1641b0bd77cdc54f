// The declaration of every setting, and what comes from it: types, parsing, validation, documentation.
// Only this folder reads the process environment.
// May import: home (where the home is, what an instance key is), @sinclair/typebox, node. Nothing else of Synapse.
// Used by cli and main.ts, which pass plain values to the other parts; scripts/generate.ts uses docs.ts.
// Start reading in settings.ts, then load.ts.

export { withoutCredentials } from '../core/kernel/text'
export { blobUrl } from './blob-url'
export { type ClientConfig, findClient } from './client'
export type { Config } from './config'
export { ConfigError, InvalidValue } from './config-error'
export type { BlobPlace, ConfigsyncPlaces } from './configsync-blobs'
export { databaseUrl, maskUrl, parseDatabaseUrl } from './database-url'
export { declaredSettings } from './declared'
export { parseGenerations } from './generations'
export { bootstrapToken, type ConfigRequest, findHome, loadConfig } from './load'
export { parseAttempts, parseRate } from './rate'
export { settingRegistry } from './registry'
export { isRuntimeKey, settingFromJson, settingFromText } from './runtime-settings'
export type { RuntimeKey, SettingValues } from './settings'
