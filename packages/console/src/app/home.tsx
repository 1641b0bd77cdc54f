import { useEffect } from 'preact/hooks'
import { Empty, Loading } from '../ui/states'
import type { PageProps } from './app'
import { useConsole, useReady } from './console'
import { lastOpen } from './last-open'
import { later, rest } from './later'
import { Main } from './main-pane'
import { navigate } from './navigation'
import { href } from './routes'
import { serverName } from './session'
import { Conversations } from './side'
import { sideOrder } from './side-order'

const FirstSteps = later(rest((parts) => parts.FirstSteps))

/**
 * The address `/`: the conversation that was open last on this device, else the first channel. With `?list` the list of
 * conversations, which phones have as a page; with `?start` the first steps.
 */
export function Home({ route: { query } }: PageProps) {
  const { store } = useConsole()
  const mine = store.mine.value
  const last = mine.find(({ slug }) => slug === lastOpen())
  const { channels, direct } = sideOrder(mine, [])
  const target = (last ?? channels[0] ?? direct[0])?.slug
  const isList = query.has('list')
  const isStart = query.has('start')
  const isReady = useReady().value
  const isEmpty = isReady && target === undefined
  const isAdmin = store.me.value?.is_admin === true
  // The first steps stay when the first of them is done.
  const goesTo = isList || isStart ? undefined : target ? href('channel', { slug: target }) : undefined
  const start = isEmpty && isAdmin && !isList && !isStart ? href('home', {}, { start: '' }) : undefined
  const next = goesTo ?? start
  useEffect(() => {
    if (next !== undefined) navigate(next, { replace: true })
  }, [next])
  if (isList)
    return (
      <Main title="Chats" class="list-page">
        <Conversations />
      </Main>
    )
  if (isStart && isAdmin && isReady) return <FirstSteps />
  return (
    <Main title={serverName.value}>
      {isEmpty && !isAdmin ? (
        <Empty>
          You are in no channel yet. Join one with “New conversation”, or ask an administrator to add you.
        </Empty>
      ) : (
        <Loading />
      )}
    </Main>
  )
}
