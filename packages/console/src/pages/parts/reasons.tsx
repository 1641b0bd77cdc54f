import { Check, Choices } from './inputs'

const reasons = [
  ['dm', 'a direct message'],
  ['mention', 'a mention'],
  ['reply', 'a reply'],
  ['approval', 'a question to decide, or its outcome'],
  ['overdue', 'an answer that is overdue'],
  ['thread', 'a message in a followed thread'],
  ['group', 'a mention by an alias'],
  ['broadcast', 'a mention of everyone'],
] as const

export type Reason = (typeof reasons)[number][0]

/** The reasons among some words. */
export function reasonsOf(words: readonly string[]): Reason[] {
  return reasons.map(([reason]) => reason).filter((reason) => words.includes(reason))
}

/** Boxes for what wakes an account; their name is `reason`. */
export function Reasons({ first }: { readonly first: readonly string[] }) {
  return (
    <Choices label="Called for">
      {reasons.map(([reason, words]) => (
        <Check key={reason} name="reason" value={reason} first={first.includes(reason)} label={words} />
      ))}
    </Choices>
  )
}
