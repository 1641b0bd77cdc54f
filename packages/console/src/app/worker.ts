/** The part of the Trusted Types API that is used here; the types of the page lack it. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string }
}

const ADDRESS = '/console/worker.js'

/**
 * Registers the service worker, which shows notifications, and waits until it is active. Returns undefined where there is
 * none: over plain http, and in some private windows. The policy of the page lets only this address be a worker.
 */
export async function registerWorker(): Promise<ServiceWorkerRegistration | undefined> {
  if (!('serviceWorker' in navigator)) return undefined
  try {
    const registration = await navigator.serviceWorker.register(address())
    return (await isActive(registration)) ? registration : undefined
  } catch {
    return undefined
  }
}

/** Whether it became active. `navigator.serviceWorker.ready` does not help: it waits for a worker whose scope has this page. */
async function isActive({ active, waiting, installing }: ServiceWorkerRegistration): Promise<boolean> {
  const coming = waiting ?? installing
  if (active || !coming) return active !== null
  return await new Promise((resolve) => {
    const look = () => {
      if (coming.state === 'activated' || coming.state === 'redundant') resolve(coming.state === 'activated')
    }
    coming.addEventListener('statechange', look)
    look()
  })
}

function address(): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  const policy = trustedTypes?.createPolicy('worker', { createScriptURL: () => ADDRESS })
  return policy?.createScriptURL(ADDRESS) ?? ADDRESS
}
