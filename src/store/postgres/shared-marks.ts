import type { Marks } from '../../core/log/marks'

/** The positions of the companion stream and of the projected log, as the database has them. */
export interface MarkedPositions {
  readonly mx: number
  readonly projected: number
}

/**
 * The marks of all processes that share a database. They arrive with this process's own commits and with hints, which
 * may be late or lost. Where some are missing, the next ones are told as concerning anyone.
 */
export class SharedMarks {
  private known: MarkedPositions = { mx: 0, projected: 0 }

  constructor(private readonly tell: (marks: Marks) => void) {}

  /** Takes the marks of a commit of this process, or of a hint. */
  heard(marks: Marks): void {
    const { mx, projected } = marks
    const isGap = (mx?.after ?? 0) > this.known.mx || (projected?.after ?? 0) > this.known.projected
    this.advance({ mx: mx?.upTo ?? 0, projected: projected?.upTo ?? 0 })
    this.tell(isGap ? { ...marks, keys: null } : marks)
  }

  /** Takes the positions that were read periodically. This finds marks that no hint announced. */
  read({ mx, projected }: MarkedPositions): void {
    const { known } = this
    if (mx <= known.mx && projected <= known.projected) return
    this.advance({ mx, projected })
    this.tell({
      mx: { after: known.mx, upTo: this.known.mx },
      projected: { after: known.projected, upTo: this.known.projected },
      keys: null,
    })
  }

  private advance(to: MarkedPositions): void {
    this.known = {
      mx: Math.max(this.known.mx, to.mx),
      projected: Math.max(this.known.projected, to.projected),
    }
  }
}
