/** The lasting address of a message. Imports state/ and ui/. Start reading here. */
import { useEffect, useState } from 'preact/hooks'
import type { PageProps } from '../../app/app'
import { useConsole } from '../../app/console'
import { Main } from '../../app/main-pane'
import { navigate } from '../../app/navigation'
import { href } from '../../app/routes'
import { background } from '../../background'
import { ErrorState, Loading } from '../../ui'

/** `/m/:id`: finds where a message stands and goes there. */
export function MessagePage({ route }: PageProps) {
  const app = useConsole()
  const id = route.name === 'message' ? route.params.id : ''
  const [error, setError] = useState<unknown>()
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    const find = async () => {
      try {
        await app.loads.message(id)
        const message = app.store.messages.peek(id)
        if (!message) return
        const { channel, thread_id: thread } = message
        const to =
          thread === null
            ? href('channel', { slug: channel }, { m: id })
            : href('thread', { id: thread }, { m: id })
        navigate(to, { replace: true })
      } catch (failure) {
        setError(failure)
      }
    }
    background(find())
  }, [id, attempt])
  const retry = () => {
    setError(undefined)
    setAttempt(attempt + 1)
  }
  return (
    <Main title="Message">
      {error === undefined ? <Loading rows={8} height={56} /> : <ErrorState error={error} onRetry={retry} />}
    </Main>
  )
}
