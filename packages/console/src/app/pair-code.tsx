import type { AnswerTo } from '@synapse/client'
import { Countdown } from '../ui/countdown'
import { QrCode } from '../ui/qr-code'
import { pairLink } from './pair-link'

export type PairedDevice = AnswerTo<'POST /v1/me/devices'>

/** A pair code to scan or to type, while it is valid. */
export function PairCode({
  device: { code = '', typed_code, device, expires_at },
}: {
  readonly device: Pick<PairedDevice, 'code' | 'typed_code' | 'device' | 'expires_at'>
}) {
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname)
  return (
    <div class="pair-code">
      <QrCode text={pairLink(location.origin, code, device)} label="Scan it with the camera of the device" />
      <div>
        <p>
          Or open <b>{location.host}/pair</b> there and type
        </p>
        <p class="typed">{typed_code}</p>
        <p class="quiet">
          Works once, for <Countdown until={expires_at} />
        </p>
        {isLocal && (
          <p class="notice">
            You opened the console as {location.hostname}, which other devices cannot reach. Have the server
            listen on an address of your network (<code>synapse serve --host</code>), open the console there,
            and make the code again.
          </p>
        )}
      </div>
    </div>
  )
}
