import { askNewPassword } from './prompt'
import { isInteractive, jsonOf, type Loss, printJson, printOnce } from './terminal'

// Without letters and digits that look alike.
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'
const GROUPS = 4
const GROUP_LENGTH = 5

/** A password, and whether it was made up here and must therefore be shown. */
export interface ChosenPassword {
  readonly password: string
  readonly generated: boolean
}

/** The one given; else the one somebody types at the terminal; else one of 100 random bits. @throws CliError */
export async function choosePassword(given: string | undefined, who: string): Promise<ChosenPassword> {
  const password = given ?? (isInteractive() ? await askNewPassword(who) : undefined)
  return password === undefined
    ? { password: generatePassword(), generated: true }
    : { password, generated: false }
}

/** Four groups of five letters and digits, easy to type. */
export function generatePassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(GROUPS * GROUP_LENGTH))
  // 32 characters: every value of a byte stands for one of them equally often.
  const letters = Array.from(bytes, (byte) => ALPHABET.charAt(byte % ALPHABET.length))
  return Array.from({ length: GROUPS }, (_, group) =>
    letters.slice(group * GROUP_LENGTH, (group + 1) * GROUP_LENGTH).join(''),
  ).join('-')
}

/** Prints an answer, and with it a password that was made up here. @throws CliError when it could not be shown */
export async function printWithPassword(
  answer: { readonly id: string; readonly handle: string },
  chosen: ChosenPassword,
): Promise<void> {
  if (!chosen.generated) return printJson(answer)
  await printOnce(jsonOf({ ...answer, ...shownOnce(chosen) }), [lostPassword(answer.handle)])
}

/** A password that was set and could not be shown: the old one is gone, too. */
export function lostPassword(handle: string): Loss {
  return {
    otherwise: `@${handle} has a new password that could not be shown; set another: synapse set-password ${handle}`,
  }
}

/** What goes into the output beside an answer, so that a made-up password is seen once. */
function shownOnce({ password, generated }: ChosenPassword): Record<string, string> {
  return generated ? { password, _warning: 'This password is shown once; it cannot be looked up later.' } : {}
}
