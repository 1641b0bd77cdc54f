import { LogOut } from 'lucide'
import { useState } from 'preact/hooks'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { useConsole } from './console'
import { signOut } from './session'

/** Signs out of this browser. What is stored here goes, so it asks first if something was written and not sent. */
export function SignOut() {
  const { outbox, drafts, forget, flush } = useConsole()
  const [isAsking, setAsking] = useState(false)
  const leave = async () => {
    await signOut()
    forget()
  }
  const press = async () => {
    flush()
    if (outbox.all.peek().length > 0 || drafts.count() > 0) setAsking(true)
    else await leave()
  }
  return (
    <>
      <Button icon={LogOut} onPress={press}>
        Sign out
      </Button>
      {isAsking && (
        <Dialog
          title="Sign out?"
          onClose={() => setAsking(false)}
          acts={
            <>
              <Button onPress={() => setAsking(false)}>Stay</Button>
              <Button look="danger" onPress={leave}>
                Sign out and discard
              </Button>
            </>
          }
        >
          <p>There is text here that was not sent. Signing out removes it from this browser.</p>
        </Dialog>
      )}
    </>
  )
}
