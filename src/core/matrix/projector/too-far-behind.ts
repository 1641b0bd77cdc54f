import { AppError } from '../../kernel/errors'

/** An act found more rows to project than fit into its transaction. */
export class TooFarBehind extends AppError {
  constructor() {
    const message = 'The rooms are being brought up to date; try again in a moment'
    super('unavailable', 'unavailable', message, { retry_after: 2 })
  }
}
