/** Values of an attacker who tries to make a server fail. */
import type { TSchema } from '@sinclair/typebox'
import fc from 'fast-check'

export const TEXTS = [
  '',
  ' ',
  '0',
  '-1',
  '1e309',
  'null',
  'true',
  'undefined',
  '[object Object]',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '..%2f..%2f',
  "' OR 1=1 --",
  '"; DROP TABLE messages; --',
  '\0',
  'a\0b',
  '\u202e\u2066',
  '\ud800',
  '\uffff',
  '😀'.repeat(50),
  'x'.repeat(5000),
  '%',
  '%zz',
  '*',
  '?',
  'a'.repeat(65),
  '{{7*7}}',
  '<script>alert(1)</script>',
  '2026-99-99T99:99:99Z',
  '9999999999999-zzzz',
  '00000000-0000-0000-0000-000000000000',
  '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b',
  'c1.AAAA.1',
  'now',
  'general',
  'ann',
]

export const NUMBERS = [
  0,
  -0,
  -1,
  1,
  0.5,
  1e21,
  -1e21,
  2 ** 31,
  2 ** 53,
  2 ** 63,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
]

const DEEP: unknown = JSON.parse(`${'['.repeat(3000)}${']'.repeat(3000)}`)

/** Any JSON. */
export const anything: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    { weight: 7, arbitrary: fc.constantFrom<unknown>(...TEXTS) },
    { weight: 4, arbitrary: fc.constantFrom<unknown>(...NUMBERS) },
    { weight: 3, arbitrary: fc.constantFrom<unknown>(null, true, false) },
    { weight: 3, arbitrary: fc.array(tie('value'), { maxLength: 4 }) },
    { weight: 3, arbitrary: fc.dictionary(fc.constantFrom(...TEXTS), tie('value'), { maxKeys: 4 }) },
  ),
})).value

/** Values close to the schema with occasional mistakes, which get further than random ones. */
export function nearly(schema: TSchema): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 60, arbitrary: like(schema) },
    { weight: 10, arbitrary: anything },
    { weight: 1, arbitrary: fc.constant(DEEP) },
  )
}

function like(schema: TSchema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom<unknown>(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(nearly))
  switch (schema.type) {
    case 'object': {
      const fields = Object.entries<TSchema>(schema.properties ?? {}).map(([name, inner]) => [
        name,
        nearly(inner),
      ])
      const more = fc.dictionary(fc.constantFrom(...TEXTS), anything, { maxKeys: 1 })
      return fc
        .tuple(fc.record(Object.fromEntries(fields), { requiredKeys: [] }), more)
        .map(([known, unknown]) => ({ ...unknown, ...known }))
    }
    case 'array':
      return fc.array(nearly(schema.items), { maxLength: 4 })
    case 'integer':
    case 'number':
      return fc.constantFrom<unknown>(...NUMBERS)
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'string':
      return fc.constantFrom<unknown>(...TEXTS)
    default:
      return anything
  }
}
