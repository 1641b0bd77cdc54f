import type { Command } from './lib/command'

/** A command before it is loaded: what the overview says of it, and where it lies. */
export interface Entry {
  readonly name: string
  readonly group: Group
  readonly summary: string
  /** Commands are loaded when they are called, so that the overview and a wrong word cost nothing. */
  readonly load: () => Promise<Command>
}

/** The parts of the overview, in their order; those below `Server` are administration. */
export const GROUPS = [
  'Server',
  'First steps',
  'Accounts',
  'Channels',
  'Members',
  'Tokens',
  'Devices',
  'Settings',
  'Audit',
  'Data',
] as const
type Group = (typeof GROUPS)[number]

const accounts = () => import('./admin/accounts')
const channels = () => import('./admin/channels')
const members = () => import('./admin/members')
const tokens = () => import('./admin/tokens')
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
    'run the server: in the foreground, as a daemon; stop it, ask for it',
    async () => (await import('./serve')).serve,
  ),
  entry(
    'Server',
    'discover',
    'find servers in the local network, of a domain or at an address',
    async () => (await import('./discover')).discover,
  ),
  entry(
    'Server',
    'drain start',
    'refuse changes on every server of the store, while reading goes on',
    async () => {
      return (await import('./admin/drain')).startDrain
    },
  ),
  entry('Server', 'drain stop', 'take changes again', async () => (await import('./admin/drain')).stopDrain),
  entry('Server', 'drain status', 'say whether it drains, and what is still under way', async () => {
    return (await import('./admin/drain')).drainStatus
  }),
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
    'make a system admin an ordinary person',
    async () => (await accounts()).unsetAdmin,
  ),
  entry(
    'Accounts',
    'set-password',
    'give a person another password',
    async () => (await accounts()).setPassword,
  ),
  entry(
    'Accounts',
    'archive-account',
    'shut an account without deleting anything',
    async () => (await accounts()).archiveAccount,
  ),
  entry(
    'Accounts',
    'unarchive-account',
    'open an archived account again',
    async () => (await accounts()).unarchiveAccount,
  ),
  entry('Channels', 'add-channel', 'create a channel', async () => (await channels()).addChannel),
  entry('Channels', 'seed-channel', 'the same as add-channel', async () => (await channels()).addChannel),
  entry('Channels', 'list-channels', 'list every channel', async () => (await channels()).listChannels),
  entry(
    'Channels',
    'archive-channel',
    'shut a channel without deleting anything',
    async () => (await channels()).archiveChannel,
  ),
  entry(
    'Channels',
    'unarchive-channel',
    'open an archived channel again',
    async () => (await channels()).unarchiveChannel,
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
    'Tokens',
    'onboard-agent',
    'create an agent, add it to channels and issue its token',
    async () => (await tokens()).onboardAgent,
  ),
  entry('Tokens', 'issue-token', 'issue a token to an agent', async () => (await tokens()).issueToken),
  entry('Tokens', 'list-tokens', 'list the tokens of an agent', async () => (await tokens()).listTokens),
  entry('Tokens', 'revoke-token', 'revoke a token at once', async () => (await tokens()).revokeToken),
  entry(
    'Devices',
    'pair',
    'let one device in: a QR code, a link and a code to type',
    async () => (await import('./pair')).pair,
  ),
  entry(
    'Devices',
    'pair list',
    'list devices, and codes that wait for one',
    async () => (await devices()).listDevices,
  ),
  entry('Devices', 'pair revoke', 'shut a device out at once', async () => (await devices()).revokeDevice),
  entry(
    'Devices',
    'join',
    'redeem a code on this machine and keep the token',
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
    'set a setting; it counts from the next request on',
    async () => (await changing()).setSetting,
  ),
  entry(
    'Settings',
    'config unset',
    'take back what was set; the environment or the default counts again',
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
    'say which pages elsewhere may call this server',
    async () => (await changing()).setCorsOrigins,
  ),
  entry(
    'Settings',
    'config check',
    'read the configuration as a start would, and say what is wrong with it',
    async () => (await local()).checkConfig,
  ),
  entry(
    'Settings',
    'config path',
    'print the home that the commands act on',
    async () => (await local()).configPath,
  ),
  entry('Audit', 'audit', 'list who did what, the newest first', async () => (await audit()).listAudit),
  entry('Audit', 'audit list', 'the same as audit', async () => (await audit()).listAudit),
  entry(
    'Audit',
    'audit verify',
    'check that no entry was changed or taken away',
    async () => (await audit()).verifyAudit,
  ),
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
    'copy the store, and if wanted keys and blobs, while the server runs or not',
    async () => (await import('./backup/create')).createBackup,
  ),
  entry('Data', 'backup list', 'list the backups of this instance', async () => {
    return (await import('./backup/list')).listCopies
  }),
  entry('Data', 'backup verify', 'read a backup to its last byte and say whether it is whole', async () => {
    return (await import('./backup/verify')).verifyCopy
  }),
  entry(
    'Data',
    'backup restore',
    'put a backup in the place of the store; begins a new epoch',
    async () => (await import('./backup/restore')).restoreCopy,
  ),
  entry(
    'Data',
    'epoch rotate',
    'tell every client that the store is not the one they knew; due after pg_restore',
    async () => (await import('./backup/epoch')).rotate,
  ),
  entry(
    'Data',
    'reset',
    'make a backup and delete everything else of a home that no server uses',
    async () => (await import('./reset')).reset,
  ),
  entry(
    'Data',
    'doctor',
    'look for what is wrong with a server, here or from outside, and say what to do',
    async () => (await import('./doctor')).doctor,
  ),
]

function entry(group: Group, name: string, summary: string, load: () => Promise<Command>): Entry {
  return { group, name, summary, load }
}
