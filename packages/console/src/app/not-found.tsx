import { Empty } from '../ui/states'
import { Main } from './main-pane'
import { href } from './routes'

/** For an address that leads nowhere. */
export function NotFound() {
  return (
    <Main title="Nothing here">
      <Empty action={<a href={href('home')}>Go to the start</a>}>This address leads to no page.</Empty>
    </Main>
  )
}
