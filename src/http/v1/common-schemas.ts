import { named, oneOf, Type } from '../schema'

/** The parts of answers that many of them have. */

export const instant = Type.String({ format: 'date-time', description: 'UTC with six fraction digits and Z' })
export const cursor = Type.String({ description: 'An opaque position in the log' })

export const accountRefSchema = named(
  'AccountRef',
  Type.Object({
    id: Type.String({ format: 'uuid' }),
    handle: Type.String(),
    kind: oneOf(['human', 'agent']),
    display_name: Type.String(),
  }),
)
