import { Button, CopyButton, Countdown, Dialog } from '../../ui'
import { Qr } from './qr'

export interface PairCode {
  readonly device: string
  readonly account_handle: string
  readonly expires_at: string
  readonly code?: string
  readonly typed_code?: string
}

/** The link that redeems a code. Browsers do not send what is behind the #. */
export function pairLink(url: string, { code = '', device }: PairCode): string {
  const bytes = new TextEncoder().encode(JSON.stringify({ v: 1, url, code, device }))
  const text = btoa(String.fromCharCode(...bytes))
  return `${url}/pair#${text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`
}

/** Shows a pair code in its three forms, until it ends. */
export function PairDialog({ code, onClose }: { readonly code: PairCode; readonly onClose: () => void }) {
  const link = pairLink(location.origin, code)
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname)
  return (
    <Dialog
      title={`Let ${code.device} in`}
      onClose={onClose}
      acts={
        <Button look="primary" onPress={onClose}>
          Done
        </Button>
      }
    >
      <p>Scan it with the camera of the device. It lets one device in as @{code.account_handle}, once.</p>
      <Qr text={link} label={`The link that lets ${code.device} in`} />
      <div class="pair-code">
        <span>
          Or type at <b>{location.host}/pair</b>
        </span>
        <b class="typed">{code.typed_code}</b>
        <Countdown until={code.expires_at} />
      </div>
      <div class="acts">
        <CopyButton text={link} label="Copy the link" />
        <span class="quiet">the link</span>
        <CopyButton text={`synapse join '${link}'`} label="Copy the command synapse join" />
        <span class="quiet">a command for a program</span>
      </div>
      {isLocal && (
        <p class="notice">
          You opened the console as {location.hostname}, which other devices cannot reach. Open it by the name
          or address of this machine, and make the code there.
        </p>
      )}
    </Dialog>
  )
}
