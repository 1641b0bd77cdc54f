import { PauseHost } from './pausing'

/** What may appear over every page. */
export function Overlays() {
  return <PauseHost />
}
