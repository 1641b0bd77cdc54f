/**
 * HTML of messages. A platform makes it: raw HTML of the text is escaped, only the tags that clients of Matrix show are
 * left, and links lead to https, http or mailto.
 */
export interface Html {
  /**
   * Returns the HTML of a text in Markdown; undefined if it shows no more than the text itself. `userOf` returns the
   * user id that a mentioned handle is linked to.
   */
  render(markdown: string, userOf: (handle: string) => string | undefined): string | undefined
}
