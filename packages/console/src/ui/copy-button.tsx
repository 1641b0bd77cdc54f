import { Check, Copy } from 'lucide'
import { useEffect, useState } from 'preact/hooks'
import { Button } from './button'
import { copyText } from './copy'

export interface CopyButtonProps {
  readonly text: string | (() => string)
  /** What is copied, for readers: `Copy the token`. */
  readonly label?: string
  readonly small?: boolean
  /** What the button says; `Copy` by default. */
  readonly words?: string
}

/** Copies a text, and says so for two seconds. */
export function CopyButton({ text, label, small = true, words: ready = 'Copy' }: CopyButtonProps) {
  const [state, setState] = useState<'ready' | 'copied' | 'failed'>('ready')
  useEffect(() => {
    if (state === 'ready') return
    const timer = setTimeout(() => setState('ready'), 2000)
    return () => clearTimeout(timer)
  }, [state])
  const press = async () => {
    const isCopied = await copyText(typeof text === 'string' ? text : text())
    setState(isCopied ? 'copied' : 'failed')
  }
  const words = { ready, copied: 'Copied', failed: 'Press Ctrl+C' }[state]
  return (
    <Button
      small={small}
      icon={state === 'copied' ? Check : Copy}
      aria-label={state === 'ready' ? label : undefined}
      onPress={press}
    >
      {words}
    </Button>
  )
}
