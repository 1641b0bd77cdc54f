import { Type } from '@sinclair/typebox'
import { runtime } from './declare'
import { canonicalRate } from './rate'

/** Shapes that several settings have. */

/** A whole number. */
export const whole = (minimum: number, maximum: number, fallback: number) =>
  Type.Integer({ minimum, maximum, default: fallback })

/** A rate of requests. */
export const rate = (fallback: string, description: string, group = 'Limits') =>
  runtime(Type.String({ default: fallback }), {
    group,
    description: `${description}, as \`<per minute>/<burst>\`, or \`off\`.`,
    normalise: canonicalRate,
  })

/** One of several words. */
export const oneOf = <const T extends readonly string[]>(fallback: T[number], words: T) =>
  Type.Union(
    words.map((word: T[number]) => Type.Literal(word)),
    { default: fallback },
  )
