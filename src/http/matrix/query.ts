import { isStorable } from '../schema'
import { targetOf } from '../target'
import { matrixError } from './errors'

/** The query of a request. Keys may be repeated. */
export class Query {
  private readonly values: URLSearchParams

  constructor(url: string) {
    const target = targetOf(url)
    const start = target.indexOf('?')
    this.values = new URLSearchParams(start < 0 ? '' : target.slice(start + 1))
  }

  /** Returns the value of a key; the first one if it is repeated. @throws M_INVALID_PARAM for text that no store keeps */
  text(name: string): string | undefined {
    const value = this.values.get(name)
    return value === null ? undefined : storable(name, value)
  }

  /** Returns every value of a key. @throws M_INVALID_PARAM */
  texts(name: string): readonly string[] {
    return this.values.getAll(name).map((value) => storable(name, value))
  }

  /** @throws M_MISSING_PARAM, M_INVALID_PARAM */
  required(name: string): string {
    const value = this.text(name)
    if (value === undefined) throw matrixError(400, 'M_MISSING_PARAM', `The query needs ${name}`)
    return value
  }

  /** @throws M_INVALID_PARAM unless it is `true` or `false` */
  flag(name: string): boolean | undefined {
    const value = this.values.get(name)
    if (value === null) return undefined
    if (value !== 'true' && value !== 'false')
      throw matrixError(400, 'M_INVALID_PARAM', `${name} is true or false`)
    return value === 'true'
  }

  /** @throws M_INVALID_PARAM unless it is a whole number, 0 or more */
  number(name: string): number | undefined {
    const value = this.values.get(name)
    if (value === null) return undefined
    const number = Number(value)
    if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(number))
      throw matrixError(400, 'M_INVALID_PARAM', `${name} is a whole number, 0 or more`)
    return number
  }

  /** @throws M_INVALID_PARAM unless it is one of the words */
  word<const Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.values.get(name)
    if (value === null) return undefined
    const word = words.find((one) => one === value)
    if (word === undefined)
      throw matrixError(400, 'M_INVALID_PARAM', `${name} is one of: ${words.join(', ')}`)
    return word
  }
}

function storable(name: string, value: string): string {
  if (isStorable(value)) return value
  throw matrixError(400, 'M_INVALID_PARAM', `${name} has a character that no text can have`)
}
