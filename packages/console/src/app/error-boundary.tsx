import type { ComponentChildren } from 'preact'
import { useErrorBoundary } from 'preact/hooks'
import { ErrorState } from '../ui/states'
import { Main } from './main-pane'

/** Shows what went wrong in place of a page that failed, and begins it again on demand. The rest of the console goes on. */
export function ErrorBoundary({ children }: { readonly children: ComponentChildren }) {
  const [error, retry] = useErrorBoundary()
  if (error === undefined) return <>{children}</>
  return (
    <Main title="This page failed">
      <ErrorState error={error} onRetry={retry} isUntitled />
    </Main>
  )
}
