/**
 * The patterns of push rules: `*` stands for any characters, `?` for one. Users write them, so matching has no
 * backtracking, and each event has a limit of effort.
 */

/** Steps that matching the rules of one user against one event may take: some milliseconds. */
const MAX_STEPS = 4_000_000
/** The runtime compares about so many characters of a searched text in the time of one step. */
const CHARACTERS_PER_STEP = 16

/** The effort that is left for an event. What is not matched when it is used up, does not match. */
export class Effort {
  private left = MAX_STEPS

  /** Returns false if no effort is left. */
  spend(steps: number): boolean {
    this.left -= steps
    return this.left >= 0
  }
}

/** What stands between the stars of a pattern. */
interface Part {
  readonly text: string
  readonly hasWildcard: boolean
}

export class Glob {
  private constructor(
    private readonly parts: readonly Part[],
    private readonly beginsOpen: boolean,
    private readonly endsOpen: boolean,
  ) {}

  static pattern(pattern: string): Glob {
    const texts = pattern.toLowerCase().split('*')
    const hasStars = texts.length > 1
    const parts = hasStars ? texts.filter((text) => text !== '') : texts
    return new Glob(
      parts.map((text) => ({ text, hasWildcard: text.includes('?') })),
      hasStars && texts[0] === '',
      hasStars && texts.at(-1) === '',
    )
  }

  /** A pattern that matches a text itself, whatever characters it has. */
  static literal(text: string): Glob {
    return new Glob([{ text: text.toLowerCase(), hasWildcard: false }], false, false)
  }

  /** Reports whether the pattern matches the whole of a text in lower case. */
  matchesAll(text: string, effort: Effort): boolean {
    return this.matches(
      text,
      effort,
      (at) => at === 0,
      (at) => at === text.length,
    )
  }

  /** Reports whether the pattern matches a part of a text in lower case that begins and ends with whole words. */
  matchesWords(text: string, effort: Effort): boolean {
    return this.matches(
      text,
      effort,
      (at) => at === 0 || !isWordCharacter(text.charCodeAt(at - 1)),
      (at) => at === text.length || !isWordCharacter(text.charCodeAt(at)),
    )
  }

  /**
   * The first part goes to the first place at which a match may begin, each other one to the first place behind the one
   * before it, and the last one to the first place at which a match may end: if any places match, these do.
   */
  private matches(
    text: string,
    effort: Effort,
    mayBegin: (at: number) => boolean,
    mayEnd: (at: number) => boolean,
  ): boolean {
    let at = 0
    for (const [i, part] of this.parts.entries()) {
      const isFirst = i === 0 && !this.beginsOpen
      const isLast = i === this.parts.length - 1 && !this.endsOpen
      let place = placeOf(part, text, at, effort)
      while (place && ((isFirst && !mayBegin(place.at)) || (isLast && !mayEnd(place.end))))
        place = placeOf(part, text, place.at + 1, effort)
      if (!place) return false
      at = place.end
    }
    return true
  }
}

interface Place {
  readonly at: number
  readonly end: number
}

/** Returns the first place of a part in a text, from a place on. */
function placeOf(part: Part, text: string, from: number, effort: Effort): Place | undefined {
  const last = text.length - part.text.length
  if (from > last) return undefined
  if (part.hasWildcard) {
    for (let at = from; at <= last; at++) {
      const end = endAt(part.text, text, at, effort)
      if (end !== undefined) return { at, end }
    }
    return undefined
  }
  const at = text.indexOf(part.text, from)
  const searched = (at < 0 ? text.length : at) - from + 1
  const steps = searched * (1 + Math.floor(part.text.length / CHARACTERS_PER_STEP))
  return effort.spend(steps) && at >= 0 ? { at, end: at + part.text.length } : undefined
}

const ANY = '?'.charCodeAt(0)

/** Returns where a part ends that stands at a place; undefined if it does not. A character may have two units. */
function endAt(part: string, text: string, at: number, effort: Effort): number | undefined {
  let end = at
  let i = 0
  for (; i < part.length && end < text.length; i++) {
    const wanted = part.charCodeAt(i)
    if (wanted === ANY) end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1
    else if (wanted === text.charCodeAt(end)) end++
    else break
  }
  return effort.spend(i + 1) && i === part.length ? end : undefined
}

/** Letters, digits and the underscore of ASCII, in lower case. */
function isWordCharacter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 95
}
