import { PairCode, type PairedDevice } from '../../app/pair-code'
import { pairLink } from '../../app/pair-link'
import { quoted } from '../../app/shell-words'
import { Button, CopyButton, Dialog } from '../../ui'

/** What a pair code is made of: those of one's own devices and those of others are alike. */
export type PairFacts = Pick<PairedDevice, 'device' | 'account_handle' | 'expires_at' | 'code' | 'typed_code'>

/** Shows a pair code in its three forms, until it ends. */
export function PairDialog({ code, onClose }: { readonly code: PairFacts; readonly onClose: () => void }) {
  const link = pairLink(location.origin, code.code ?? '', code.device)
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
      <p>It lets one device in as @{code.account_handle}, once.</p>
      <PairCode device={code} />
      <div class="acts">
        <CopyButton text={link} words="Copy the link" />
        <CopyButton text={`synapse join ${quoted(link)}`} words="Copy a command for a program" />
      </div>
    </Dialog>
  )
}
