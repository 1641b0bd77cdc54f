import type { Message } from '@synapse/client'
import { useEffect, useState } from 'preact/hooks'
import { useConsole } from '../../app/console'
import { background } from '../../background'
import { plainSnippet } from '../../text'

const MOST_NAMES = 3

/** Says who has not answered a message of mine in time. */
export function Overdue({ message: { id, body } }: { readonly message: Message }) {
  const { acts, store } = useConsole()
  const [late, setLate] = useState<readonly string[]>([])
  useEffect(() => {
    const find = async () => {
      const deliveries = await acts.deliveries(id)
      setLate(
        deliveries
          .filter(({ state }) => state !== 'acked' && state !== 'failed')
          .map(({ account }) => account.handle),
      )
    }
    // Without the names the sentence is still true.
    background(find().catch(() => undefined))
  }, [id])
  const names = late.map((handle) => store.accounts.get(handle)?.display_name || handle)
  return (
    <>
      {namesOf(names)} not answered “{plainSnippet(body, 120)}” in time
    </>
  )
}

function namesOf(names: readonly string[]): string {
  const [first, ...others] = names
  if (first === undefined) return 'Somebody has'
  if (others.length === 0) return `${first} has`
  if (names.length <= MOST_NAMES) return `${names.slice(0, -1).join(', ')} and ${names.at(-1)} have`
  return `${first} and ${others.length} others have`
}
