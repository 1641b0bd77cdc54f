/** How near the end one has to be to stay at it, in pixels. */
const STICKY = 40
/** How long nothing has to have been scrolled before rows are added above, in milliseconds. */
const REST = 100
/** How long after an input a scroll at the end is taken for somebody's, in milliseconds: a list that shrinks scrolls, too. */
const INPUT = 500
/** How many visible messages are noted: the first may be the one that is removed. */
const NOTED = 12

interface Noted {
  readonly row: HTMLElement
  readonly top: number
}

/** Where somebody reads: the first visible message, by its `data-key`, and its top below that of the view, in pixels. */
export interface Place {
  readonly key: string
  readonly top: number
}

/**
 * Keeps what somebody reads where it is while the list around it changes: at the end it stays at the end, elsewhere the
 * first visible row keeps its place. The browser's own anchoring is off (`overflow-anchor: none`), because engines differ.
 *
 * Rows are the children of `list`. Rows that change their size are observed, which happens after layout and before paint;
 * whoever adds or removes rows calls {@link correct} in the same layout effect.
 */
export class Anchor {
  /** Whether the view follows the end of the list. */
  isStuck = true
  /** Whether the end of the list is the newest there is. Only then the view sticks to it. */
  isLive = true
  private noted: readonly Noted[] = []
  private isTouched = false
  private restTimer: ReturnType<typeof setTimeout> | undefined
  /** Where this object has scrolled to itself. */
  private own: number | undefined
  /** Where the view was when it was looked at last. */
  private lastTop = 0
  private inputAt = Number.NEGATIVE_INFINITY
  private readonly waiting: (() => void)[] = []
  private readonly resting: (() => void)[] = []
  private readonly observed = new Set<Element>()
  private readonly sizes: ResizeObserver
  private readonly stop = new AbortController()

  constructor(
    private readonly view: HTMLElement,
    private readonly list: HTMLElement,
    /** Called when somebody has scrolled, and after every correction. */
    private readonly onMove: () => void,
  ) {
    this.sizes = new ResizeObserver(() => this.correct())
    this.sizes.observe(view)
    const { signal } = this.stop
    const passive = { signal, passive: true }
    view.addEventListener('scroll', () => this.scrolled(), passive)
    for (const input of ['wheel', 'touchmove', 'pointerdown', 'keydown'] as const)
      view.addEventListener(
        input,
        () => {
          this.inputAt = performance.now()
        },
        passive,
      )
    view.addEventListener('touchstart', () => this.touched(true), passive)
    for (const end of ['touchend', 'touchcancel'] as const)
      view.addEventListener(end, () => this.touched(false), passive)
  }

  close(): void {
    this.stop.abort()
    this.sizes.disconnect()
    clearTimeout(this.restTimer)
    this.waiting.length = 0
    for (const resolve of this.resting.splice(0)) resolve()
  }

  /** Puts the view back to what was read. To be called after every change of the rows, before paint. */
  correct(): void {
    this.observe()
    this.catchUp()
    if (this.isStuck && this.isLive) this.scrollTo(this.view.scrollHeight - this.view.clientHeight)
    else {
      const kept = this.noted.find(({ row }) => row.parentNode === this.list)
      if (kept) this.scrollTo(this.view.scrollTop + this.topOf(kept.row) - kept.top)
      // What was read is gone, or nothing was read yet.
      if (kept === undefined || kept !== this.noted[0]) this.note()
    }
    this.onMove()
  }

  /** Goes to the end and stays there. */
  toEnd(): void {
    this.isStuck = true
    this.lastTop = this.view.scrollTop
    this.correct()
  }

  /** Shows a row with its top a third down the view, or so that all of it is visible. */
  show(row: Element): void {
    const room = this.view.clientHeight - row.getBoundingClientRect().height
    this.place(row, Math.max(0, Math.min(this.view.clientHeight / 3, room)))
  }

  /** Scrolls as little as possible so that a row is visible. */
  reveal(row: Element): void {
    const top = this.topOf(row)
    const spare = this.view.clientHeight - row.getBoundingClientRect().height
    if (top < 0 || spare < 0) this.place(row, 0)
    else if (top > spare) this.place(row, spare)
  }

  /** Puts the top of a row `top` pixels below that of the view. */
  place(row: Element, top: number): void {
    this.scrollTo(this.view.scrollTop + this.topOf(row) - top)
    this.isStuck = this.isLive && this.distance <= STICKY
    this.note()
    this.onMove()
  }

  /** Pixels from what is visible to the end of the list. */
  get distance(): number {
    return this.view.scrollHeight - this.view.clientHeight - this.view.scrollTop
  }

  get current(): Place | undefined {
    const [first] = this.noted
    const key = first?.row.dataset.key
    return first && key !== undefined ? { key, top: first.top } : undefined
  }

  /** Calls back once, when nobody touches the list and nothing has moved for 100 ms. */
  atRest(act: () => void): void {
    this.waiting.push(act)
    if (this.restTimer === undefined) this.startRest()
  }

  /** Resolves when that is so, or when the list is left. */
  rest(): Promise<void> {
    return new Promise((resolve) => {
      this.resting.push(resolve)
      if (this.restTimer === undefined) this.startRest()
    })
  }

  /** The newest row whose end is visible, or the one that fills the whole view. */
  newestSeen(): Element | undefined {
    const rows = this.list.children
    const after = this.firstBelow(this.view.clientHeight)
    const before = rows[after - 1]
    return before && this.firstBelow(0) < after ? before : rows[after]
  }

  /** Whether a row is above what is visible. */
  isAbove(row: Element | undefined): boolean {
    return row !== undefined && this.topOf(row) + row.getBoundingClientRect().height <= 0
  }

  private scrolled(): void {
    if (this.view.scrollTop !== this.own) {
      this.own = undefined
      this.moved()
      this.onMove()
    }
    this.startRest()
  }

  /** Somebody has scrolled, and the event that says so is still to come: what was noted has moved with the scroll. */
  private catchUp(): void {
    const by = this.view.scrollTop - this.lastTop
    // The list became shorter, and the browser has scrolled to its new end.
    if (by === 0 || (by < 0 && this.distance < 1)) return
    if (this.isStuck) {
      if (performance.now() - this.inputAt < INPUT) this.moved()
    } else {
      this.isStuck = this.isLive && this.distance <= STICKY
      this.noted = this.noted.map(({ row, top }) => ({ row, top: top - by }))
      this.lastTop = this.view.scrollTop
    }
  }

  private moved(): void {
    this.isStuck = this.isLive && this.distance <= STICKY
    this.note()
  }

  private touched(isTouched: boolean): void {
    this.isTouched = isTouched
    this.startRest()
  }

  private startRest(): void {
    clearTimeout(this.restTimer)
    this.restTimer = setTimeout(() => {
      this.restTimer = undefined
      if (this.isTouched) return
      for (const resolve of this.resting.splice(0)) resolve()
      for (const act of this.waiting.splice(0)) act()
    }, REST)
  }

  private scrollTo(top: number): void {
    if (Math.abs(this.view.scrollTop - top) < 0.5) return
    this.view.scrollTop = top
    this.own = this.view.scrollTop
    this.lastTop = this.own
  }

  private note(): void {
    this.lastTop = this.view.scrollTop
    const rows = this.list.children
    const noted: Noted[] = []
    for (let at = this.firstBelow(0); at < rows.length && noted.length < NOTED; at++) {
      const row = rows[at]
      // A line between messages, such as that of a day, goes up to the first message of the page that is put in above.
      if (row instanceof HTMLElement && 'focusable' in row.dataset) noted.push({ row, top: this.topOf(row) })
    }
    this.noted = noted
  }

  private topOf(row: Element): number {
    return row.getBoundingClientRect().top - this.view.getBoundingClientRect().top
  }

  /** The index of the first row whose end is more than `offset` pixels below the top of the view. */
  private firstBelow(offset: number): number {
    const rows = this.list.children
    const edge = this.view.getBoundingClientRect().top + offset + 0.5
    let [low, high] = [0, rows.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const row = rows[middle]
      if (row && row.getBoundingClientRect().bottom <= edge) low = middle + 1
      else high = middle
    }
    return low
  }

  private observe(): void {
    for (const row of this.observed)
      if (row.parentNode !== this.list) {
        this.sizes.unobserve(row)
        this.observed.delete(row)
      }
    for (const row of this.list.children)
      if (!this.observed.has(row)) {
        this.observed.add(row)
        this.sizes.observe(row)
      }
  }
}
