import { background } from '../../kernel/background'
import { isTrouble } from '../refusals'

/** The most works of one group. */
const MOST = 64

export type Outcome<Result> = { readonly result: Result } | { readonly refusal: unknown }

interface Gathered<Work, Result> {
  readonly work: Work
  readonly resolve: (result: Result) => void
  readonly reject: (reason: unknown) => void
}

/** The works of a group, for its transaction. */
export interface Taken<Work> {
  /** Returns them, the same ones as often as the transaction is tried. */
  take(): readonly Work[]
  /** Leaves all but the first of them to the next group. */
  keep(count: number): void
}

/**
 * Does works of one moment together, in the order in which they came: while one group is under way, the next one
 * gathers. `run` does a group in one transaction, takes its works there, and returns an outcome for each that it keeps.
 * If it throws, each work of the group is done alone.
 */
export class Gathering<Work, Result> {
  private waiting: Gathered<Work, Result>[] = []
  private isGathering = false

  constructor(
    private readonly run: (group: Taken<Work>) => Promise<readonly Outcome<Result>[]>,
    private readonly report: (fault: unknown) => void,
  ) {}

  /** @throws the refusal of the work; what `run` throws for it alone, or for a database that is not there */
  add(work: Work): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ work, resolve, reject })
      if (!this.isGathering) this.gather()
    })
  }

  private gather(): void {
    this.isGathering = true
    background(this.lead(), this.report)
  }

  private async lead(): Promise<void> {
    let group: readonly Gathered<Work, Result>[] | undefined
    const members = () => {
      group ??= this.take()
      return group
    }
    const keep = (count: number) => {
      const rest = members().slice(count)
      if (rest.length === 0) return
      group = members().slice(0, count)
      this.waiting.unshift(...rest)
      if (!this.isGathering) this.gather()
    }
    try {
      const outcomes = await this.run({ take: () => members().map(({ work }) => work), keep })
      answer(members(), outcomes)
    } catch (fault) {
      // While the database is not there, those that have not begun need not wait for their own turn.
      const refused = group ?? this.takeAll()
      if (isTrouble(fault)) for (const { reject } of refused) reject(fault)
      else for (const one of refused) await this.alone(one)
    }
  }

  private take(): readonly Gathered<Work, Result>[] {
    const group = this.waiting.splice(0, MOST)
    this.isGathering = false
    if (this.waiting.length > 0) this.gather()
    return group
  }

  private takeAll(): readonly Gathered<Work, Result>[] {
    this.isGathering = false
    return this.waiting.splice(0)
  }

  private async alone(one: Gathered<Work, Result>): Promise<void> {
    try {
      answer([one], await this.run({ take: () => [one.work], keep: () => {} }))
    } catch (fault) {
      one.reject(fault)
    }
  }
}

function answer<Work, Result>(
  group: readonly Gathered<Work, Result>[],
  outcomes: readonly Outcome<Result>[],
): void {
  for (const [i, { resolve, reject }] of group.entries()) {
    const outcome = outcomes[i]
    if (outcome && 'result' in outcome) resolve(outcome.result)
    else reject(outcome?.refusal ?? new Error('a work of a group has no outcome'))
  }
}
