/**
 * The pages for system admins: what the commands of the server do, by its administration API.
 * Imports ui/, pages/parts, what app/ knows of addresses and session; load.ts has the requests.
 * Start reading at sections.ts, then accounts.tsx.
 */
import type { PageProps } from '../../app/app'
import { Main } from '../../app/main-pane'
import { NotFound } from '../../app/not-found'
import { session } from '../../app/session'
import { Empty } from '../../ui'
import { AccountPage } from './account'
import { Accounts } from './accounts'
import { AuditPage } from './audit'
import { ChannelPage } from './channel'
import { Channels } from './channels'
import { ConfigSync } from './configsync'
import { ConfigSyncAccount } from './configsync-account'
import { Devices } from './devices'
import { Server } from './server'
import { SettingPage } from './setting'
import { Settings } from './settings'
import { Tokens } from './tokens'
import { Webhooks } from './webhooks'

const pages: Readonly<Record<string, () => preact.JSX.Element>> = {
  accounts: Accounts,
  channels: Channels,
  tokens: Tokens,
  devices: Devices,
  webhooks: Webhooks,
  settings: Settings,
  audit: AuditPage,
  configsync: ConfigSync,
}

const items: Readonly<Record<string, (props: { readonly item: string }) => preact.JSX.Element>> = {
  accounts: AccountPage,
  channels: ChannelPage,
  settings: SettingPage,
  configsync: ConfigSyncAccount,
}

/** Shows a page of the administration, to system admins. */
export function AdminPage({ route }: PageProps) {
  const now = session.value
  if (now.state !== 'signed-in' || !now.me.is_admin)
    return (
      <Main title="Administration">
        <Empty>These pages are for system admins. One of them can make you one.</Empty>
      </Main>
    )
  if (route.name === 'adminSection') {
    const Page = pages[route.params.section]
    return Page ? <Page /> : <NotFound />
  }
  if (route.name === 'adminItem') {
    const Item = items[route.params.section]
    return Item ? <Item item={route.params.item} /> : <NotFound />
  }
  return <Server />
}
