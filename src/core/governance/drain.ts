import { AppError } from '../kernel/errors'
import type { Settings } from './settings'

/** When a refused client should try again. */
const RETRY_AFTER_SECONDS = 30

/** Refuses a write while the server, with all its replicas, is draining. @throws draining */
export function refuseWhileDraining(settings: Settings): void {
  if (!settings.get('drain')) return
  throw new AppError('unavailable', 'draining', 'This server is draining and refuses writes for now', {
    retry_after: RETRY_AFTER_SECONDS,
  })
}
