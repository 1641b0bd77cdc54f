// What the first conversation needs is in the first file, its message field in a second one. Everything else that people use
// daily is this file: fetched once, soon after the first page, so that all pages and dialogs open without the network.
// Many small files would be a fourth larger together. Administration, code colours and QR codes are files of their own.

export { Card } from './app/card'
export { FirstSteps } from './app/first-steps'
export { NewConversation } from './app/new-conversation'
export { notify } from './app/notifications'
export { SignIn } from './app/sign-in'
export { joinTabs } from './app/tabs'
export { AskDialog } from './composer/ask-dialog'
export { Enclosed } from './composer/enclosed'
export { ActivityPage } from './pages/activity/activity'
export { DateDialog } from './pages/channel/date-dialog'
export { Details } from './pages/channel/details'
export { ApprovalsPage } from './pages/inbox/approvals'
export { InboxPage } from './pages/inbox/inbox'
export { MePage } from './pages/me/me'
export { SearchPage } from './pages/search/search'
export { KeysDialog } from './palette/keys-dialog'
export { Palette } from './palette/palette'
export { EditMode } from './timeline/edit-mode'
export { ReactionChoices } from './timeline/reaction-choices'
export { PauseDialog } from './ui/pause-dialog'
