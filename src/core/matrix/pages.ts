/** What a page of HTML says of itself. */
export interface PageFacts {
  /** The properties of the Open Graph protocol (ogp.me) in their order, such as `og:title`. */
  readonly properties: readonly (readonly [name: string, content: string])[]
  readonly title: string | undefined
  readonly description: string | undefined
}

/** Reads pages of HTML, whole or cut off. A platform parses them. */
export interface Pages {
  /** `contentType`: the header of the answer, which may name the character set. */
  read(bytes: Uint8Array, contentType: string): PageFacts
}
