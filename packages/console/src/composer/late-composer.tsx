import { later } from '../app/later'
import { useSettled } from '../app/settled'
import type { ComposerProps } from './composer'

const Composer = later(async () => (await import('./composer')).Composer, <Place />)

/** The message field. Its code is fetched when the messages are shown, for which one waits first; its place is kept. */
export function LateComposer({ isDue, ...props }: ComposerProps & { readonly isDue: boolean }) {
  return useSettled(isDue) ? <Composer {...props} /> : <Place />
}

function Place() {
  return (
    <div class="composer composer-place" aria-hidden="true">
      <div class="composer-box" />
    </div>
  )
}
