import { Empty } from '../ui/states'
import { Main } from './main-pane'
import { serverName } from './session'

/** What the address `/` shows. */
export function Home() {
  return (
    <Main title={serverName.value}>
      <Empty>No conversation is open.</Empty>
    </Main>
  )
}
