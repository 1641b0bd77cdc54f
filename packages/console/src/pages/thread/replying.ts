// Who presses Reply in a channel writes in the thread that opens then.
let wanted: string | undefined

/** The field of a thread takes the focus when it opens. */
export function replyIn(thread: string): void {
  wanted = thread
}

/** Whether the field of a thread is to take the focus. Says so once. */
export function takesReply(thread: string): boolean {
  const isWanted = wanted === thread
  wanted = undefined
  return isWanted
}
