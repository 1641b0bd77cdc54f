import {
  Archive,
  ArchiveRestore,
  Download,
  Ellipsis,
  Eraser,
  KeyRound,
  Pencil,
  ShieldCheck,
  ShieldOff,
} from 'lucide'
import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Menu, MenuItem, toast } from '../../ui'
import { Confirm } from '../parts/confirm'
import { EditAccount, EraseAccount, ResetPassword } from './account-forms'
import type { Account } from './load'

export interface AccountActsProps {
  readonly account: Account
  readonly onChanged: (account: Account) => unknown
  readonly onErased: () => unknown
}

type Act = 'edit' | 'password' | 'admin' | 'archive' | 'erase'

/** Saves everything that the server has of an account as a file. */
export function download(path: string, name: string): void {
  const link = document.createElement('a')
  link.href = path
  link.download = name
  link.click()
}

/** What can be done with an account. */
export function AccountActs({ account, onChanged, onErased }: AccountActsProps) {
  const [act, setAct] = useState<Act>()
  const close = () => setAct(undefined)
  const path = { id: account.id }
  const { handle } = account
  const isArchived = account.archived_at !== null
  const unarchive = async () => {
    onChanged(await synapse.request('POST /v1/admin/accounts/{id}/unarchive', { path }))
    toast(`@${handle} is active again.`)
  }
  return (
    <>
      <Menu label={`Acts for ${handle}`} icon={Ellipsis} class="button plain icon-only">
        <MenuItem icon={Pencil} onPress={() => setAct('edit')}>
          Edit
        </MenuItem>
        {account.kind === 'human' && (
          <>
            <MenuItem icon={KeyRound} onPress={() => setAct('password')}>
              Set a new password
            </MenuItem>
            <MenuItem icon={account.is_admin ? ShieldOff : ShieldCheck} onPress={() => setAct('admin')}>
              {account.is_admin ? 'Take the admin rights' : 'Make a system admin'}
            </MenuItem>
          </>
        )}
        <MenuItem
          icon={Download}
          onPress={() => download(`/v1/admin/accounts/${account.id}/export`, `${handle}.ndjson`)}
        >
          Export
        </MenuItem>
        {isArchived ? (
          <MenuItem icon={ArchiveRestore} onPress={unarchive}>
            Unarchive
          </MenuItem>
        ) : (
          <MenuItem icon={Archive} onPress={() => setAct('archive')}>
            Archive
          </MenuItem>
        )}
        <MenuItem icon={Eraser} danger onPress={() => setAct('erase')}>
          Erase
        </MenuItem>
      </Menu>
      {act === 'edit' && <EditAccount account={account} onClose={close} onChanged={onChanged} />}
      {act === 'password' && <ResetPassword account={account} onClose={close} />}
      {act === 'erase' && <EraseAccount account={account} onClose={close} onErased={onErased} />}
      {act === 'archive' && (
        <Confirm
          title={`Archive @${handle}?`}
          act="Archive"
          onClose={close}
          onConfirm={async () =>
            onChanged(await synapse.request('POST /v1/admin/accounts/{id}/archive', { path }))
          }
        >
          <p>
            Its sessions, streams and claims end now, and its tokens stop working. Its messages stay. You can
            unarchive it at any time.
          </p>
        </Confirm>
      )}
      {act === 'admin' && (
        <Confirm
          title={
            account.is_admin ? `Take the admin rights of @${handle}?` : `Make @${handle} a system admin?`
          }
          act={account.is_admin ? 'Take the rights' : 'Make an admin'}
          danger={account.is_admin}
          onClose={close}
          onConfirm={async () =>
            onChanged(
              await synapse.request('PATCH /v1/admin/accounts/{id}', {
                path,
                body: { is_admin: !account.is_admin },
              }),
            )
          }
        >
          <p>
            {account.is_admin
              ? 'The person keeps the account and the channels, and can no longer administer the server.'
              : 'The person may then use all of these pages: every account, every channel, every setting.'}
          </p>
        </Confirm>
      )}
    </>
  )
}
