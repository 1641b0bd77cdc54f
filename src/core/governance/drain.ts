import { AppError } from '../kernel/errors'
import type { Settings } from './settings'

/** When a client that was refused should ask again. */
const RETRY_AFTER_SECONDS = 30

/** Whether this server takes no writes for now, on all of its replicas. @throws draining, if it does not */
export function refuseWhileDraining(settings: Settings): void {
  if (!settings.get('drain')) return
  throw new AppError('unavailable', 'draining', 'This server is draining: it takes no changes for now', {
    retry_after: RETRY_AFTER_SECONDS,
  })
}
