import type { Command } from '../../lib/command'
import type { Entry } from '../../program'

const status = () => import('./status')
const users = () => import('./users')
const tokens = () => import('./registration-tokens')
const rooms = () => import('./rooms')
const keys = () => import('./keys')
const media = () => import('./media')

/** The commands that administer the Matrix homeserver, in the order of their help. */
export const MATRIX_ENTRIES: readonly Entry[] = [
  entry('status', 'show the homeserver and how far its rooms are', async () => (await status()).status),
  entry('config-snippet', 'print the lines for Caddy or nginx', async () => (await status()).configSnippet),
  entry('register', 'make the account of a person', async () => (await users()).register),
  entry('user list', 'list the users', async () => (await users()).listUsers),
  entry('user show', 'show a user, with its devices', async () => (await users()).showUser),
  entry('user devices', 'list the devices of a user', async () => (await users()).devices),
  entry('user logout', 'sign a user out, on one device or on all', async () => (await users()).logout),
  entry('user lock', 'let a user do nothing but log out', async () => (await users()).lock),
  entry('user unlock', 'let a locked user in again', async () => (await users()).unlock),
  entry('user suspend', 'let a user only read, or write again', async () => (await users()).suspend),
  entry('user deactivate', 'archive a user for good', async () => (await users()).deactivate),
  entry('pushers', 'list the push gateways that are called', async () => (await users()).pushers),
  entry('token create', 'make a registration token', async () => (await tokens()).create),
  entry('token list', 'list the registration tokens', async () => (await tokens()).list),
  entry('token revoke', 'revoke a registration token', async () => (await tokens()).revoke),
  entry('room list', 'list the rooms', async () => (await rooms()).listRooms),
  entry('room show', 'show a room', async () => (await rooms()).showRoom),
  entry('room members', 'list the users of a room', async () => (await rooms()).members),
  entry('room make-admin', 'make a user an admin of a room', async () => (await rooms()).makeAdmin),
  entry('room block', 'block or unblock a room', async () => (await rooms()).block),
  entry('room delete', 'empty and close a room', async () => (await rooms()).deleteRoom),
  entry('alias add', 'give a room another alias', async () => (await rooms()).addAlias),
  entry('alias list', 'list the aliases of a room', async () => (await rooms()).listAliases),
  entry('alias remove', 'take an alias away', async () => (await rooms()).removeAlias),
  entry('key show', 'list the signing keys', async () => (await keys()).showKeys),
  entry('key rotate', 'sign with a new key from now on', async () => (await keys()).rotate),
  entry('key export', 'write the signing key to a file', async () => (await keys()).exportKey),
  entry('key import', 'sign with the key of a file', async () => (await keys()).importKey),
  entry('media usage', 'show how much each account has uploaded', async () => (await media()).usage),
  entry(
    'media quarantine',
    'quarantine a file, or end its quarantine',
    async () => (await media()).quarantine,
  ),
  entry('media delete', 'delete a file', async () => (await media()).deleteFile),
  entry('media purge', 'delete the files uploaded before a time', async () => (await media()).purge),
  entry('projector status', 'show how far the rooms are', async () => (await status()).projectorStatus),
  entry('projector rebuild', 'make the room of a channel again', async () => (await status()).rebuild),
]

function entry(name: string, summary: string, load: () => Promise<Command>): Entry {
  return { group: 'Matrix', name: `matrix ${name}`, summary, load }
}
