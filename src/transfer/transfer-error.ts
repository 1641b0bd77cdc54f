type Kind = 'conflict' | 'missing' | 'unreachable' | 'failed'

const EXIT_CODES: Record<Kind, number> = { failed: 1, missing: 4, conflict: 5, unreachable: 8 }

/** Why data cannot be moved or imported, and what to do about it. Never holds a row, a parameter or a password. */
export class TransferError extends Error {
  override readonly name = 'TransferError'
  /** Of the command, as §11.4 of the v1 contract lists them. */
  readonly exitCode: number

  constructor(
    readonly kind: Kind,
    readonly problem: string,
    readonly remedy: string,
  ) {
    super(`${problem}: ${remedy}`)
    this.exitCode = EXIT_CODES[kind]
  }
}
