import type { Micros } from '../kernel/time'

/** A token that lets somebody register. */
export interface RegistrationToken {
  readonly token: string
  /** Null: without a limit. */
  readonly usesAllowed: number | null
  /** Registrations under way that hold a use. */
  readonly pending: number
  readonly completed: number
  readonly expiresAt: Micros | null
}

export interface RegistrationReads {
  registrationToken(token: string): Promise<RegistrationToken | undefined>
  /** By token; `after` is the last one of the previous page. */
  listRegistrationTokens(page: {
    readonly after: string
    readonly limit: number
  }): Promise<RegistrationToken[]>
}

export interface RegistrationWrites {
  /** The token must not exist. */
  insertRegistrationToken(
    token: Pick<RegistrationToken, 'token' | 'usesAllowed' | 'expiresAt'>,
  ): Promise<RegistrationToken>
  /** Returns whether it existed. */
  deleteRegistrationToken(token: string): Promise<boolean>
  /** Adds to the counts of a token, if it exists. */
  countRegistration(token: string, add: { pending?: number; completed?: number }): Promise<void>
}
