import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Button } from './button'
import { CopyButton } from './copy-button'
import { wordsOf } from './words'

const QUIET_MS = 150

export interface LoadingProps {
  /** How many grey rows stand for what is loading. */
  readonly rows?: number
  /** The height of a row in px, so that nothing moves when the real ones come. */
  readonly height?: number
  readonly label?: string
}

/** Nothing for 150 ms, then grey rows. */
export function Loading({ rows = 5, height = 44, label = 'Loading' }: LoadingProps) {
  const [isShown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), QUIET_MS)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div class="loading" aria-busy="true">
      <span class="unseen">{label}</span>
      {isShown &&
        Array.from({ length: rows }, (_, row) => (
          <div class="row" style={{ height: `${height}px` }} key={row} />
        ))}
    </div>
  )
}

export interface EmptyProps {
  /** One sentence. */
  readonly children: ComponentChildren
  /** The next act. */
  readonly action?: ComponentChildren
}

export function Empty({ children, action }: EmptyProps) {
  return (
    <div class="empty">
      <p>{children}</p>
      {action}
    </div>
  )
}

export interface ErrorStateProps {
  readonly error: unknown
  readonly onRetry?: () => unknown
  /** The view has a heading that says so. */
  readonly isUntitled?: boolean
}

/** What failed, in the server's words, and what to do. A refusal names its gate and what mends it. */
export function ErrorState({ error, onRetry, isUntitled = false }: ErrorStateProps) {
  const { title, detail, fix, requestId } = wordsOf(error)
  return (
    <div class="error-state" role="alert">
      {!isUntitled && <h2>{title}</h2>}
      <p>{detail}</p>
      {fix !== undefined && <p>{fix}</p>}
      <div class="acts">
        {onRetry && (
          <Button look="primary" onPress={onRetry}>
            Retry
          </Button>
        )}
        {requestId !== undefined && (
          <span class="request-id">
            Request <code>{requestId}</code> <CopyButton text={requestId} label="Copy the request id" />
          </span>
        )}
      </div>
    </div>
  )
}
