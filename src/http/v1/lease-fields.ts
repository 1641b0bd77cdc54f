import { maybe, text } from '../schema'

/** The fields that requests about claims and presence have in common (docs/contract/coordination.md#claims). */

/** The name of one of the programs of an account. */
export const instanceName = (description: string) =>
  text({ minLength: 1, maxLength: 64, form: 'name', description })

export const instance = maybe(
  instanceName('Which of your programs; default: the id of the token, or browser'),
)

export const note = maybe(text({ maxLength: 500, form: 'prose', description: 'What you are doing' }))
