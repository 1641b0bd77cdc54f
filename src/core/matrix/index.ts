/**
 * The Matrix homeserver: the accounts, channels and log of the core as the users, rooms and events of Matrix
 * (spec.matrix.org). It exists while a server name is set; nothing else in core imports it.
 * Imports only the core. Its ports are in ports.ts.
 * Start reading here.
 */
import type { Core } from '..'

/** What the homeserver needs. */
export interface MatrixParts {
  readonly core: Core
  /** The part of every id after its colon, such as `example.org`. Never changes. */
  readonly serverName: string
}

export type Matrix = ReturnType<typeof createMatrix>

/** Creates the homeserver over a core. */
export function createMatrix({ serverName }: MatrixParts) {
  return { serverName }
}
