import { ConversationPage } from '../pages/channel/channel'
import { MessagePage } from '../pages/message/message'
import type { Page } from './app'
import { Home } from './home'
import { rest } from './later'
import { NotFound } from './not-found'
import type { RouteName } from './routes'

/**
 * A page that is part of the first file, or one whose code is fetched when it is opened:
 *   `{ load: async () => (await import('../pages/admin/admin')).AdminPage }`
 */
export type PageEntry = ({ readonly page: Page } | { readonly load: () => Promise<Page> }) & {
  /** Addresses with the same name here are one view: going from one to the other keeps it. */
  readonly view?: string
}

const administration = async () => (await import('../pages/admin/admin')).AdminPage
const me = rest((parts) => parts.MePage)

/** What each address shows. */
export const pages: Readonly<Record<RouteName | 'unknown', PageEntry>> = {
  home: { page: Home },
  login: { page: NotFound },
  channel: { page: ConversationPage, view: 'conversation' },
  thread: { page: ConversationPage, view: 'conversation' },
  message: { page: MessagePage },
  inbox: { load: rest((parts) => parts.InboxPage) },
  approvals: { load: rest((parts) => parts.ApprovalsPage) },
  activity: { load: rest((parts) => parts.ActivityPage) },
  search: { load: rest((parts) => parts.SearchPage) },
  me: { load: me, view: 'me' },
  meSection: { load: me, view: 'me' },
  admin: { load: administration },
  adminSection: { load: administration },
  adminItem: { load: administration },
  unknown: { page: NotFound },
}
