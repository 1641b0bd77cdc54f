/** One problem of the configuration. `name` is what the operator wrote: a variable, a flag or a file. */
export interface ConfigProblem {
  readonly name: string
  readonly problem: string
  readonly remedy: string
}

/** A refused configuration, with all its problems. Never quotes a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'

  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map(({ name, problem, remedy }) => `${name}: ${problem}\n  ${remedy}`).join('\n'))
  }
}

/** An invalid value of a setting. `message` does not quote secrets. */
export class InvalidValue extends Error {
  override readonly name = 'InvalidValue'

  constructor(
    message: string,
    readonly remedy = '',
  ) {
    super(message)
  }
}
