import { askNewPassword } from './prompt'
import { isInteractive, jsonOf, type Loss, printJson, printOnce } from './terminal'

// Letters and digits that look alike are left out.
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'
const GROUPS = 4
const GROUP_LENGTH = 5

/** A password, and whether it was generated here and must be shown. */
export interface ChosenPassword {
  readonly password: string
  readonly generated: boolean
}

/** Returns the given password, or asks for one on a terminal, or generates one of 100 random bits. @throws CliError */
export async function choosePassword(given: string | undefined, who: string): Promise<ChosenPassword> {
  const password = given ?? (isInteractive() ? await askNewPassword(who) : undefined)
  return password === undefined
    ? { password: generatePassword(), generated: true }
    : { password, generated: false }
}

/** Returns four groups of five letters and digits, which are easy to type. */
export function generatePassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(GROUPS * GROUP_LENGTH))
  // 256 is a multiple of 32, so every character is equally likely.
  const letters = Array.from(bytes, (byte) => ALPHABET.charAt(byte % ALPHABET.length))
  return Array.from({ length: GROUPS }, (_, group) =>
    letters.slice(group * GROUP_LENGTH, (group + 1) * GROUP_LENGTH).join(''),
  ).join('-')
}

/** Prints an answer, with the password if it was generated here. @throws CliError when it could not be shown */
export async function printWithPassword(
  answer: { readonly id: string; readonly handle: string },
  chosen: ChosenPassword,
): Promise<void> {
  if (!chosen.generated) return printJson(answer)
  await printOnce(jsonOf({ ...answer, ...shownOnce(chosen) }), [lostPassword(answer.handle)])
}

/** Describes a new password that could not be shown. The old one is gone too. */
export function lostPassword(handle: string): Loss {
  return {
    otherwise: `@${handle} has a new password that could not be shown; set another one: synapse set-password ${handle}`,
  }
}

/** Returns the fields that show a generated password once. */
function shownOnce({ password, generated }: ChosenPassword): Record<string, string> {
  return generated ? { password, _warning: 'This password is shown once; it cannot be looked up later.' } : {}
}
