// The service worker of the console. It shows notifications where pages may not (Android), and opens the place that one
// names when it is pressed. It answers no requests.
addEventListener('install', () => skipWaiting())
addEventListener('activate', (event) => event.waitUntil(clients.claim()))

addEventListener('notificationclick', (event) => {
  const { notification } = event
  notification.close()
  event.waitUntil(open(notification.data?.path ?? '/'))
})

/** A tab that is open goes there; without one, a new tab opens. */
async function open(path) {
  const tabs = await clients.matchAll({ type: 'window', includeUncontrolled: true })
  const tab = tabs.find((one) => one.visibilityState === 'visible') ?? tabs[0]
  if (tab === undefined) return clients.openWindow(path)
  tab.postMessage({ type: 'open', path })
  return tab.focus()
}
