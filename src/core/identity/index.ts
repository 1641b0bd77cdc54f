/**
 * Who somebody is: from what a request presents to an actor.
 * Imports the core alone. Start reading at authentication.ts.
 */
export { Authentication, type Credential } from './authentication'
