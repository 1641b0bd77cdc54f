/**
 * Identity: accounts, credentials, and the way from a credential to an actor.
 * Imports only the core. Start reading at authentication.ts.
 */
export { Authentication, type Credential } from './authentication'
