/** What one reacts with most, in four rows of four. */
export const EMOJI: readonly (readonly [emoji: string, name: string])[] = [
  ['👍', 'thumbs up'],
  ['👎', 'thumbs down'],
  ['✅', 'done'],
  ['❌', 'no'],
  ['👀', 'looking'],
  ['🙏', 'thank you'],
  ['🎉', 'celebrate'],
  ['❤️', 'heart'],
  ['😄', 'smile'],
  ['🤔', 'thinking'],
  ['😕', 'confused'],
  ['🚀', 'ship it'],
  ['🔥', 'fire'],
  ['🐛', 'bug'],
  ['⚠️', 'warning'],
  ['⏳', 'waiting'],
]

/** Words that say how far something is. Agents read them. */
export const WORDS = [
  'in_progress',
  'done',
  'blocked',
  'needs_review',
  'approved',
  'declined',
  'question',
  'later',
] as const

/** Whether a text can be a reaction: 1 to 64 characters without spaces or control characters. */
export function isReaction(text: string): boolean {
  return [...text].length <= 64 && /^[^\s\p{Cc}]+$/u.test(text)
}

/** A word as one reads it: `in_progress` is "in progress". */
export function readable(reaction: string): string {
  return /^\w+$/.test(reaction) ? reaction.replaceAll('_', ' ') : reaction
}
