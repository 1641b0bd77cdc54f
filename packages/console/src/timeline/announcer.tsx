import { useEffect, useRef, useState } from 'preact/hooks'

/** Texts that come within so long of each other are said together. */
const TOGETHER_MS = 2000
/** More than so many are only counted. */
const MOST = 3

interface AnnouncerProps {
  /** Sets what is called with each new message: who and what. */
  readonly bind: (say: (words: string) => void) => void
}

/** The one polite line that says new messages to readers of a screen. It never says times. */
export function Announcer({ bind }: AnnouncerProps) {
  const [said, setSaid] = useState('')
  const heard = useRef<string[]>([])
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => {
    bind((words) => {
      heard.current.push(words)
      timer.current ??= setTimeout(() => {
        timer.current = undefined
        const all = heard.current.splice(0)
        setSaid(all.length > MOST ? `${all.length} new messages` : all.join('. '))
      }, TOGETHER_MS)
    })
    return () => clearTimeout(timer.current)
  }, [])
  return (
    <p class="unseen" role="status">
      {said}
    </p>
  )
}
