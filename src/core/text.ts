/** Whether a text has more Unicode code points than `limit`; every length of the contract counts those. */
export function isLongerThan(text: string, limit: number): boolean {
  // A code point takes at most two UTF-16 units, so short texts need no counting.
  if (text.length <= limit) return false
  let count = 0
  for (const _ of text) if (++count > limit) return true
  return false
}

/**
 * A text without the credentials of the URLs in it: of each line everything between `://` and the last @, unless the
 * password is masked already. Rather hides too much than too little: a password may hold any character.
 */
export function withoutCredentials(text: string): string {
  return text.replace(
    /([a-z][a-z0-9+.-]*:\/\/[^:@/\s]*:\*{3}@)|([a-z][a-z0-9+.-]*:\/\/)[^\n]*@/gi,
    (_, masked?: string, scheme?: string) => masked ?? `${scheme}***@`,
  )
}
