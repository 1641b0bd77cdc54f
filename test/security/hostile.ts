/** Values that somebody sends who wants to see a server fall, made from the schema that they are not to fit. */

/** A repeatable source of chance (mulberry32). */
export class Chance {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  pick<One>(from: readonly One[]): One {
    const one = from[Math.floor(this.next() * from.length)]
    if (one === undefined && from.length === 0) throw new Error('there is nothing to pick from')
    return one as One
  }

  happens(probability: number): boolean {
    return this.next() < probability
  }
}

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

const NUMBERS = [
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

/** Any JSON. */
export function anything(chance: Chance, depth = 0): unknown {
  const kind = chance.next()
  if (kind < 0.35 || depth > 3) return chance.pick(TEXTS)
  if (kind < 0.55) return chance.pick(NUMBERS)
  if (kind < 0.7) return chance.pick([null, true, false])
  if (kind < 0.85)
    return Array.from({ length: Math.floor(chance.next() * 5) }, () => anything(chance, depth + 1))
  return Object.fromEntries(
    Array.from({ length: Math.floor(chance.next() * 5) }, () => [
      chance.pick(TEXTS),
      anything(chance, depth + 1),
    ]),
  )
}

interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
}

/** Something like what the schema asks for, with mistakes in it here and there: it reaches further than nonsense. */
export function nearly(schema: Schema, chance: Chance): unknown {
  if (chance.happens(0.15)) return anything(chance)
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return chance.pick(schema.enum)
  if (schema.anyOf) return nearly(chance.pick(schema.anyOf), chance)
  switch (schema.type) {
    case 'object': {
      const entries = Object.entries(schema.properties ?? {}).filter(() => !chance.happens(0.15))
      const extra = chance.happens(0.1) ? [[chance.pick(TEXTS), anything(chance)] as const] : []
      return Object.fromEntries([
        ...entries.map(([name, inner]) => [name, nearly(inner, chance)] as const),
        ...extra,
      ])
    }
    case 'array':
      return Array.from({ length: Math.floor(chance.next() * 4) }, () => nearly(schema.items ?? {}, chance))
    case 'integer':
    case 'number':
      return chance.pick(NUMBERS)
    case 'boolean':
      return chance.happens(0.5)
    case 'null':
      return null
    case 'string':
      return chance.pick(TEXTS)
    default:
      return anything(chance)
  }
}
