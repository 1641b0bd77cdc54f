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
}

export interface RegistrationWrites {
  /** Adds to the counts of a token, if it exists. */
  countRegistration(token: string, add: { pending?: number; completed?: number }): Promise<void>
}
