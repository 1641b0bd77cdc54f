import type { UserReads, UserWrites } from './user-ports'

/** What the Matrix homeserver reads from the store. */
export interface MatrixReads extends UserReads {}

/** What it writes, in the transaction of an act. */
export interface MatrixWrites extends MatrixReads, UserWrites {}
