import type { ComponentType } from 'preact'
import { useEffect, useLayoutEffect, useState } from 'preact/hooks'
import { background } from '../background'
import { fetchCode } from '../code'
import type { PaletteProps } from '../palette/palette'
import { setRecent } from '../palette/recent'
import { useConsole, useReady } from './console'
import { followKeys } from './global-keys'
import { rest } from './later'
import { route } from './navigation'
import { PauseHost } from './pausing'

/** What follows the page in other tabs and in notifications is fetched so late, in milliseconds: the page comes first. */
const SHOWN_MS = 1500

/** Fetched with the first use. */
interface Parts {
  readonly Palette: ComponentType<PaletteProps>
  readonly KeysDialog: ComponentType<{ onClose: () => void }>
}

const load = rest<Parts>((parts) => parts)
const loadFollowing = rest(({ joinTabs, notify }) => ({ joinTabs, notify }))

/** What may appear over every page, and the keys that open it. */
export function Overlays() {
  const app = useConsole()
  const [parts, setParts] = useState<Parts>()
  const [open, setOpen] = useState<'palette' | 'keys'>()
  const show = (what: 'palette' | 'keys') => {
    setOpen((now) => (now === what ? undefined : what))
    background(fetchCode(load).then(setParts))
  }
  useLayoutEffect(() => followKeys(app, { palette: () => show('palette'), keys: () => show('keys') }), [app])
  const account = app.store.me.value?.account_id ?? ''
  const isReady = useReady().value
  useEffect(() => {
    if (!isReady) return
    let stop: (() => void) | undefined
    let isLeft = false
    const begin = async () => {
      const { joinTabs, notify } = await fetchCode(loadFollowing)
      if (isLeft) return
      const tabs = joinTabs(app, account)
      const silence = notify(app, tabs)
      stop = () => {
        silence()
        tabs.stop()
      }
    }
    const timer = setTimeout(() => background(begin()), SHOWN_MS)
    return () => {
      isLeft = true
      clearTimeout(timer)
      stop?.()
    }
  }, [app, account, isReady])
  const now = route.value
  const slug = now.name === 'channel' ? now.params.slug : undefined
  useEffect(() => {
    if (slug !== undefined) setRecent(slug)
  }, [slug])
  const close = (what: 'palette' | 'keys') => setOpen((now) => (now === what ? undefined : now))
  return (
    <>
      <PauseHost />
      {parts && open === 'palette' && (
        <parts.Palette onClose={() => close('palette')} showKeys={() => setOpen('keys')} />
      )}
      {parts && open === 'keys' && <parts.KeysDialog onClose={() => close('keys')} />}
    </>
  )
}
