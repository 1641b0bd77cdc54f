/** Whether a slug is that of a direct conversation: no other may begin like that. */
export function isDirect(slug: string): boolean {
  return slug.startsWith('dm-')
}

/** A conversation in words: `#general`. The slug of a direct one says nothing to people. */
export function channelWords(slug: string): string {
  return isDirect(slug) ? 'direct message' : `#${slug}`
}
