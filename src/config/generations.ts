import type { Generations } from '../core/governance/settings'
import { InvalidValue } from './config-error'

const PERIODS = ['hourly', 'daily', 'weekly', 'monthly'] as const
type Period = (typeof PERIODS)[number]

const MOST = 9999
const FORM = `write for example hourly=24,daily=7,weekly=4,monthly=6, each from 0 to ${MOST}`

/** Parses `hourly=24,daily=7,weekly=4,monthly=6`, of which any may be missing; null for `off`. @throws InvalidValue */
export function parseGenerations(text: string | null): Generations | null {
  if (text === null || text.trim().toLowerCase() === 'off') return null
  const counts = new Map<Period, number>()
  for (const part of text.split(/[\s,]+/).filter((word) => word !== '')) {
    const [, name = '', digits = ''] = /^([a-z]+)=(\d{1,4})$/.exec(part.toLowerCase()) ?? []
    const period = PERIODS.find((each) => each === name)
    if (period === undefined)
      throw new InvalidValue(`must be periods with a number each, and '${part}' is not one`, FORM)
    if (counts.has(period))
      throw new InvalidValue(`must name each period once, and '${part}' names one a second time`, FORM)
    counts.set(period, Number(digits))
  }
  const [hourly = 0, daily = 0, weekly = 0, monthly = 0] = PERIODS.map((period) => counts.get(period))
  if (hourly + daily + weekly + monthly === 0) throw new InvalidValue('must keep at least one backup', FORM)
  return { hourly, daily, weekly, monthly }
}

/** Returns the canonical form: the periods with a number, in the order of their length. @throws InvalidValue */
export function canonicalGenerations(text: string): string | null {
  const generations = parseGenerations(text)
  if (generations === null) return null
  const named = PERIODS.filter((period) => generations[period] > 0)
  return named.map((period) => `${period}=${generations[period]}`).join(',')
}
