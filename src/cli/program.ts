import { CONFIGSYNC_ENTRIES } from './admin/configsync/entries'
import { MATRIX_ENTRIES } from './admin/matrix/entries'
import { CLIENT_ENTRIES } from './client/entries'
import type { Command } from './lib/command'

/** A command in the overview, and how its code is loaded. */
export interface Entry {
  readonly name: string
  readonly group: Group
  readonly summary: string
  /** Loads the command when it is called, so that the overview and unknown commands stay fast. */
  readonly load: () => Promise<Command>
}

/** The sections of the overview, in order. All but `Server` and `Client` also work as `synapse admin <command>`. */
export const GROUPS = [
  'Server',
  'Client',
  'First steps',
  'Accounts',
  'Channels',
  'Members',
  'Tokens',
  'Webhooks',
  'Devices',
  'Settings',
  'Audit',
  'ConfigSync',
  'Matrix',
  'Data',
] as const
type Group = (typeof GROUPS)[number]

const accounts = () => import('./admin/accounts')
const channels = () => import('./admin/channels')
const members = () => import('./admin/members')
const tokens = () => import('./admin/tokens')
const webhooks = () => import('./admin/webhooks')
const devices = () => import('./pair/devices')
const looking = () => import('./config/look')
const changing = () => import('./config/change')
const local = () => import('./config/local')
const audit = () => import('./admin/audit')

/** Every command, in the order of the overview. */
export const ENTRIES: readonly Entry[] = [
  entry(
    'Server',
    'serve',
    'run the server in the foreground or as a daemon, stop it, show its status',
    async () => (await import('./serve')).serve,
  ),
  entry(
    'Server',
    'discover',
    'find servers on the local network, for a domain or at an address',
    async () => (await import('./discover')).discover,
  ),
  entry(
    'Server',
    'conformance',
    'check a server against the contract, from outside',
    async () => (await import('./conformance')).conformance,
  ),
  entry(
    'Server',
    'drain start',
    'refuse changes on every server of the store; reading still works',
    async () => {
      return (await import('./admin/drain')).startDrain
    },
  ),
  entry(
    'Server',
    'drain stop',
    'accept changes again',
    async () => (await import('./admin/drain')).stopDrain,
  ),
  entry(
    'Server',
    'drain status',
    'show whether the server is draining, and what is still in progress',
    async () => {
      return (await import('./admin/drain')).drainStatus
    },
  ),
  ...CLIENT_ENTRIES,
  entry(
    'First steps',
    'quickstart',
    'create the first admin, a channel and an agent',
    async () => (await import('./quickstart')).quickstart,
  ),
  entry(
    'First steps',
    'init',
    'create the home and the database without starting the server',
    async () => (await import('./admin/init')).init,
  ),
  entry(
    'Accounts',
    'add-account',
    'create the account of a person or an agent',
    async () => (await accounts()).addAccount,
  ),
  entry('Accounts', 'list-accounts', 'list every account', async () => (await accounts()).listAccounts),
  entry('Accounts', 'set-admin', 'make a person a system admin', async () => (await accounts()).setAdmin),
  entry(
    'Accounts',
    'unset-admin',
    "take away a person's system admin rights",
    async () => (await accounts()).unsetAdmin,
  ),
  entry(
    'Accounts',
    'set-password',
    'change the password of a person',
    async () => (await accounts()).setPassword,
  ),
  entry(
    'Accounts',
    'archive-account',
    'disable an account without deleting anything',
    async () => (await accounts()).archiveAccount,
  ),
  entry(
    'Accounts',
    'unarchive-account',
    'enable an archived account again',
    async () => (await accounts()).unarchiveAccount,
  ),
  entry(
    'Accounts',
    'erase-account',
    'delete an account for good, and anonymize or delete its messages',
    async () => (await accounts()).eraseAccount,
  ),
  entry(
    'Accounts',
    'export-account',
    'print everything that the server has of an account',
    async () => (await import('./admin/export')).exportAccount,
  ),
  entry('Channels', 'add-channel', 'create a channel', async () => (await channels()).addChannel),
  entry('Channels', 'seed-channel', 'the same as add-channel', async () => (await channels()).addChannel),
  entry('Channels', 'list-channels', 'list every channel', async () => (await channels()).listChannels),
  entry(
    'Channels',
    'set-channel',
    'change a channel and its settings',
    async () => (await channels()).setChannel,
  ),
  entry(
    'Channels',
    'archive-channel',
    'close a channel without deleting anything',
    async () => (await channels()).archiveChannel,
  ),
  entry(
    'Channels',
    'unarchive-channel',
    'reopen an archived channel',
    async () => (await channels()).unarchiveChannel,
  ),
  entry(
    'Channels',
    'purge',
    'delete old messages of a channel for good',
    async () => (await channels()).purge,
  ),
  entry('Members', 'add-member', 'add an account to a channel', async () => (await members()).addMember),
  entry(
    'Members',
    'remove-member',
    'remove an account from a channel',
    async () => (await members()).removeMember,
  ),
  entry('Members', 'set-role', 'change what a member may do', async () => (await members()).setRole),
  entry(
    'Members',
    'list-members',
    'list the members of a channel',
    async () => (await members()).listMembers,
  ),
  entry(
    'Members',
    'pause',
    'refuse the posts of an agent, or of all, for a while',
    async () => (await import('./admin/pauses')).pause,
  ),
  entry('Members', 'resume', 'end a pause', async () => (await import('./admin/pauses')).resume),
  entry(
    'Tokens',
    'onboard-agent',
    'create an agent, add it to channels and issue its token',
    async () => (await tokens()).onboardAgent,
  ),
  entry('Tokens', 'issue-token', 'issue a token to an agent', async () => (await tokens()).issueToken),
  entry('Tokens', 'list-tokens', 'list the tokens of an agent', async () => (await tokens()).listTokens),
  entry(
    'Tokens',
    'revoke-token',
    'revoke a token, effective immediately',
    async () => (await tokens()).revokeToken,
  ),
  entry(
    'Webhooks',
    'set-push',
    'have the server call an agent when something notifies it',
    async () => (await webhooks()).setPush,
  ),
  entry('Webhooks', 'disable-push', 'no longer call an agent', async () => (await webhooks()).disablePush),
  entry(
    'Webhooks',
    'webhooks list',
    'list where accounts are called, and whether that works',
    async () => (await webhooks()).listWebhooks,
  ),
  entry(
    'Webhooks',
    'webhooks deliveries',
    'list what webhooks were sent, newest first',
    async () => (await webhooks()).listDeliveries,
  ),
  entry('Webhooks', 'webhooks redeliver', 'send a delivery again', async () => (await webhooks()).redeliver),
  entry(
    'Devices',
    'pair',
    'pair one device by a QR code, a link or a typed code',
    async () => (await import('./pair')).pair,
  ),
  entry(
    'Devices',
    'pair list',
    'list paired devices and pending codes',
    async () => (await devices()).listDevices,
  ),
  entry(
    'Devices',
    'pair revoke',
    'revoke the access of a device, effective immediately',
    async () => (await devices()).revokeDevice,
  ),
  entry(
    'Devices',
    'join',
    'redeem a pairing code on this machine and save the token',
    async () => (await import('./pair/join')).joinServer,
  ),
  entry(
    'Settings',
    'config show',
    'show every setting that can be changed while the server runs',
    async () => (await looking()).showSettings,
  ),
  entry('Settings', 'config get', 'show one setting', async () => (await looking()).getSetting),
  entry(
    'Settings',
    'config set',
    'change a setting, effective from the next request',
    async () => (await changing()).setSetting,
  ),
  entry(
    'Settings',
    'config unset',
    'unset a setting; the environment or the default applies again',
    async () => (await changing()).unsetSetting,
  ),
  entry(
    'Settings',
    'config history',
    'show who changed which setting, and when',
    async () => (await looking()).settingHistory,
  ),
  entry(
    'Settings',
    'config auth-set-cors-origins',
    'set the web origins that may call this server',
    async () => (await changing()).setCorsOrigins,
  ),
  entry(
    'Settings',
    'config check',
    'check the configuration that the server would start with',
    async () => (await local()).checkConfig,
  ),
  entry(
    'Settings',
    'config path',
    'print the home directory that commands use',
    async () => (await local()).configPath,
  ),
  entry('Audit', 'audit', 'list who did what, newest first', async () => (await audit()).listAudit),
  entry('Audit', 'audit list', 'the same as audit', async () => (await audit()).listAudit),
  entry(
    'Audit',
    'audit verify',
    'check that no entry was changed or removed',
    async () => (await audit()).verifyAudit,
  ),
  ...CONFIGSYNC_ENTRIES,
  ...MATRIX_ENTRIES,
  entry(
    'Data',
    'migrate-db',
    'move the store to another place or to the other engine',
    async () => (await import('./admin/migrate-db')).migrateDb,
  ),
  entry(
    'Data',
    'import-original',
    'import the database of the earlier server into an empty store',
    async () => (await import('./admin/import-original')).importOriginal,
  ),
  entry(
    'Data',
    'backup create',
    'back up the store, and optionally keys and blobs; the server may run',
    async () => (await import('./backup/create')).createBackup,
  ),
  entry('Data', 'backup list', 'list the backups of this instance', async () => {
    return (await import('./backup/list')).listCopies
  }),
  entry('Data', 'backup prune', 'remove the backups that exceed the limits', async () => {
    return (await import('./backup/prune')).pruneBackups
  }),
  entry('Data', 'backup verify', 'read a whole backup and check that it is intact', async () => {
    return (await import('./backup/verify')).verifyCopy
  }),
  entry(
    'Data',
    'backup restore',
    'replace the store by a backup; begins a new epoch',
    async () => (await import('./backup/restore')).restoreCopy,
  ),
  entry(
    'Data',
    'epoch rotate',
    'begin a new epoch, so that clients read again; required after pg_restore',
    async () => (await import('./backup/epoch')).rotate,
  ),
  entry(
    'Data',
    'reset',
    'back up an unused home and delete its data',
    async () => (await import('./reset')).reset,
  ),
  entry(
    'Data',
    'doctor',
    'check a server, here or from outside, and show how to fix each problem',
    async () => (await import('./doctor')).doctor,
  ),
]

/** Reports whether a command administers a server, so that it may be written after `synapse admin`. */
export function isAdministrative({ group }: Entry): boolean {
  return group !== 'Server' && group !== 'Client'
}

function entry(group: Group, name: string, summary: string, load: () => Promise<Command>): Entry {
  return { group, name, summary, load }
}
