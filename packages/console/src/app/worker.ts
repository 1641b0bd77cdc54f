/** The part of the Trusted Types API that is used here; the types of the page lack it. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string }
}

const ADDRESS = '/console/worker.js'

/**
 * Registers the service worker, which shows notifications. Returns undefined where there is none: over plain http, and in
 * some private windows. The policy of the page lets only this address be a worker.
 */
export async function registerWorker(): Promise<ServiceWorkerRegistration | undefined> {
  if (!('serviceWorker' in navigator)) return undefined
  try {
    return await navigator.serviceWorker.register(address())
  } catch {
    return undefined
  }
}

function address(): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  const policy = trustedTypes?.createPolicy('worker', { createScriptURL: () => ADDRESS })
  return policy?.createScriptURL(ADDRESS) ?? ADDRESS
}
