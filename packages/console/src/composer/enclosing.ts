import type { Attachment } from '@synapse/client'
import type { Draft } from '../state'

/** Whether something goes with the text of a draft. */
export function hasEnclosed({ replyTo, priority, ackWithin, attachments }: Draft): boolean {
  return replyTo !== null || priority !== 'normal' || ackWithin !== null || attachments.length > 0
}

/** What a message says that has only files: images show in its text, other files by name. */
export function nameAttachments(attachments: readonly Attachment[]): string {
  return attachments
    .map(({ kind, filename, url }) => {
      const name = filename.replace(/[\\[\]`*_~<]/g, '\\$&')
      return kind === 'image' ? `![${name}](${url})` : name
    })
    .join('\n')
}
