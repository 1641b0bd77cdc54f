import type { TSchema } from '@sinclair/typebox'

/** An older spelling of an environment name. */
export interface Alias {
  readonly name: string
  /** Says in the documentation how the older value is written. */
  readonly form?: string
  /** The same value in the setting's own spelling. @throws InvalidValue */
  readonly as?: (text: string) => string
  /** A value of old sample files that never had an effect. It is ignored, with a notice. */
  readonly inert?: string
}

/** What is declared about a setting, apart from its schema. */
export interface Declaration {
  readonly group: string
  readonly description: string
  readonly flag?: string
  readonly aliases?: readonly Alias[]
  /** `whole`: never shown; `password`: shown without the password in it. Both accept `NAME_FILE`. */
  readonly secret?: 'whole' | 'password'
  /** The default in words, where it depends on the machine. */
  readonly shownDefault?: string
  /** Such a default, for a setting that can be changed in the running server. */
  readonly usual?: () => unknown
  /** How a value is written, for the documentation and for `.env.example`. */
  readonly example?: string
  /** A bad value in the environment counts as none, with a notice instead of a refusal. */
  readonly lenient?: boolean
  /** Turns a value of the right shape into the one that is kept. @throws InvalidValue */
  readonly normalise?: (value: never, at: PathBase) => unknown
}

/** What relative paths are relative to. */
export interface PathBase {
  readonly cwd: string
}

/** `boot` options need a restart; `runtime` settings can be changed in the running server. */
export type Applies = 'boot' | 'runtime'

type Declared<S extends TSchema, A extends Applies, D extends Declaration> = S & {
  readonly applies: A
  readonly setting: D
}

/** Declares an option that is read once, at start. */
export function boot<S extends TSchema, const D extends Declaration>(
  schema: S,
  setting: D,
): Declared<S, 'boot', D> {
  return { ...schema, applies: 'boot', setting }
}

/** Declares a setting whose value here is only the default for what is set in the running server. */
export function runtime<S extends TSchema, const D extends Declaration>(
  schema: S,
  setting: D,
): Declared<S, 'runtime', D> {
  return { ...schema, applies: 'runtime', setting }
}
