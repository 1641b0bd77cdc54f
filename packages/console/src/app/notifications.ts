import { computed, type ReadonlySignal, signal } from '@preact/signals'
import { background } from '../background'
import { type Console, systemClock } from '../state'
import { onEvent } from './console'
import { navigate } from './navigation'
import { type Notice, Notices, noticeOf, tagOfApproval, tagOfPlace } from './notices'
import { prefer, preferences } from './preferences'
import type { Tabs } from './tabs'
import { registerWorker } from './worker'

/**
 * Whether this browser shows notifications. `insecure`: the page came over plain http. `missing`: the browser has none here.
 * `ask`: the person was not asked yet. `blocked`: the browser withholds them. `off`: the person wants none here.
 */
export type Alerts = 'insecure' | 'missing' | 'ask' | 'blocked' | 'off' | 'on'

const permission = signal(permitted())

export const alerts: ReadonlySignal<Alerts> = computed(() => {
  if (!isSecureContext) return 'insecure'
  switch (permission.value) {
    case undefined:
      return 'missing'
    case 'denied':
      return 'blocked'
    case 'default':
      return 'ask'
    case 'granted':
      return preferences.value.alerts ? 'on' : 'off'
  }
})

/** Asks the browser for permission. Call it when a button was pressed. */
export async function askForAlerts(): Promise<void> {
  permission.value = await Notification.requestPermission()
  if (permission.value === 'granted') prefer({ alerts: true })
}

/** Shows one notification, so that the person sees how they look. */
export async function testAlert(): Promise<void> {
  await show({
    tag: 'test',
    title: 'Synapse',
    body: 'Notifications work in this browser.',
    path: '/',
    isSticky: false,
  })
}

/** Shows what notifies the person while this tab is the notifier. Returns how to stop. */
export function notify(app: Console, tabs: Tabs): () => void {
  const { store } = app
  // One after another: one that is not shown yet cannot be closed.
  let last: Promise<unknown> = Promise.resolve()
  const inOrder = (work: () => Promise<void>) => {
    last = last.then(work, work)
    background(last)
  }
  const closeLater = (tag: string) => inOrder(() => close(tag))
  const notices = new Notices({
    show: (notice) => inOrder(() => show(notice)),
    close: closeLater,
    clock: systemClock,
  })
  const stop = onEvent((event) => {
    if (!tabs.isNotifier.peek() || alerts.peek() !== 'on') return
    switch (event.type) {
      case 'inbox.item': {
        const notice = noticeOf(event, store)
        if (notice === undefined || tabs.isSeen(event.message)) return
        if (event.replay) notices.addMissed()
        else notices.add(notice)
        return
      }
      case 'approval.decided':
      case 'approval.expired':
      case 'approval.cancelled':
        // The question needs no answer any more.
        closeLater(tagOfApproval(event.approval.id))
        return
      case 'read.position':
        if (event.mentions === 0 && event.channel) closeLater(tagOfPlace(event.channel, event.thread_id))
    }
  })
  const opened = ({ data }: MessageEvent<{ type: string; path: string }>) => {
    if (data.type === 'open') navigate(data.path)
  }
  const update = () => {
    permission.value = permitted()
  }
  const workers = 'serviceWorker' in navigator ? navigator.serviceWorker : undefined
  workers?.addEventListener('message', opened)
  document.addEventListener('visibilitychange', update)
  return () => {
    stop()
    notices.stop()
    workers?.removeEventListener('message', opened)
    document.removeEventListener('visibilitychange', update)
  }
}

function permitted(): NotificationPermission | undefined {
  return 'Notification' in globalThis ? Notification.permission : undefined
}

let registration: Promise<ServiceWorkerRegistration | undefined> | undefined

/** The worker that shows notifications where pages may not; undefined where there is none. */
function worker(): Promise<ServiceWorkerRegistration | undefined> {
  registration ??= registerWorker()
  return registration
}

/** Those that the page itself has shown, by tag. */
const own = new Map<string, Notification>()

async function show({ tag, title, body, path, isSticky }: Notice): Promise<void> {
  const options = {
    ...{ body, tag, icon: '/console/icon.svg', requireInteraction: isSticky, data: { path } },
    silent: !preferences.value.alertSound,
  }
  const shower = await worker()
  if (shower) return shower.showNotification(title, options)
  const shown = new Notification(title, options)
  own.set(tag, shown)
  shown.onclick = () => {
    focus()
    shown.close()
    navigate(path)
  }
}

async function close(tag: string): Promise<void> {
  const shower = await worker()
  if (shower) for (const shown of await shower.getNotifications({ tag })) shown.close()
  own.get(tag)?.close()
  own.delete(tag)
}
