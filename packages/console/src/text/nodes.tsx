import type { Attachment } from '@synapse/client'
import type { ComponentChildren } from 'preact'
import type { TextOptions } from './markdown'
import { piecesOf } from './mentions'
import { visibleText } from './names'

/** Nodes that one text may become; a longer one is shown as it is. */
const MOST_NODES = 6000

/** Makes the words of one text and counts what is made. */
export class Nodes {
  private count = 0

  constructor(private readonly options: TextOptions) {}

  /** Counts a node. @throws RangeError when the text has too many */
  add(): void {
    this.count++
    if (this.count > MOST_NODES) throw new RangeError('the text has too many nodes')
  }

  /** Words with the mentions in them. */
  words(text: string): ComponentChildren {
    if (!text.includes('@')) return visibleText(text)
    return piecesOf(text, this.options).map((piece) => {
      if (piece.kind === 'text') return visibleText(piece.text)
      const chip = (
        <span class={piece.isMine ? 'mention mine' : 'mention'} dir="ltr">
          {piece.text}
        </span>
      )
      const { mention } = this.options
      return piece.isAccount && mention ? mention(piece.name, chip) : chip
    })
  }

  /** The attachment of this message that an address names. */
  attachment(address: string): Attachment | undefined {
    return this.options.attachments?.find(({ url }) => url === address)
  }
}
