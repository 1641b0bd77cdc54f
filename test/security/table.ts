import type { Row } from './judge'
import {
  account,
  admin,
  anybody,
  bearer,
  channelSocket,
  existing,
  human,
  inTown,
  issuer,
  neighbour,
  open,
  operator,
  own,
  poster,
  proxied,
  reader,
  readerElse,
  self,
  session,
  setting,
  socket,
} from './rules'
import {
  accounts,
  agents,
  archivedAccount,
  archivedRooms,
  liveRooms,
  nothing,
  revokedDevice,
  revokedToken,
  rooms,
  sessions,
  settings,
  tokens,
} from './things'

// Bodies. Values in braces come from the subject of the call; each canary is a new word.
const post = { channel: '{slug}', body: '{canary}' }
const inThread = { channel: 'town', body: '{canary}', thread_id: '{message}' }
const inReply = { channel: 'town', body: '{canary}', reply_to: '{message}' }
const shapeless = { channel: '{slug}', text: '{canary}' }
const signIn = { handle: 'pal', password: 'wrong' }
const password = { current: 'wrong', new: 'another one' }
const profile = { about: 'x' }
const tokenFor = (scope: string) => ({ name: 'x', scopes: [scope] })
const newAgent = { kind: 'agent', handle: 'host' }
const newChannel = { slug: 'vault', name: 'x' }
const membership = { account_handle: 'host', channel_slug: '{slug}' }
const role = { role: 'member' }
const wrongToken = { account_handle: '{handle}', scopes: ['x'] }
const wrongDevice = { device: 'x', account_handle: '{handle}', scopes: ['x'] }
const newcomer = { handle: 'newcomer', channels: ['nowhere'] }
const value = { value: 60 }
const anotherRun = { boot_id: 'another' }

/**
 * The access table. Each row has a call, the rule of its access, its subjects, the answer to callers with access, the
 * body and the way to send it. Rows run in any order: a permitted call leaves the data of other rows unchanged, or it is
 * refused after the access checks. The tests compare at which check a call ended.
 */
// biome-ignore format: a table is read by its columns
export const table: readonly Row[] = [
  // Without a credential.
  ['GET /healthz',                                        open,                            nothing,         '200'],
  ['GET /v1/healthz',                                     open,                            nothing,         '200'],
  ['GET /health',                                         open,                            nothing,         '200'],
  ['GET /readyz',                                         open,                            nothing,         '200'],
  ['GET /v1/readyz',                                      open,                            nothing,         '200'],
  ['GET /.well-known/synapse',                            open,                            nothing,         '200'],
  ['GET /openapi.json',                                   open,                            nothing,         '200'],
  ['GET /docs',                                           open,                            nothing,         '200'],
  ['GET /',                                               open,                            nothing,         '302'],
  ['GET /pair',                                           open,                            nothing,         '200'],
  ['GET /v1/echo/*',                                      open,                            nothing,         '404 not_found'],
  ['POST /v1/auth/login',                                 open,                            nothing,         '401 invalid_credentials',  signIn],
  ['POST /v1/pair/redeem',                                open,                            nothing,         '422 validation_error',     {}],
  ['GET /metrics',                                        open,                            nothing,         '200'],
  ['GET /metrics',                                        proxied(admin('metrics:read')),  nothing,         '200',                      undefined, 'proxy'],
  // With any credential, or that of an account.
  ['GET /v1/server',                                      anybody,                         nothing,         '200'],
  ['GET /v1/health',                                      anybody,                         nothing,         '200'],
  ['GET /v1/auth/me',                                     account,                         nothing,         '200'],
  ['PATCH /v1/me',                                        self,                            nothing,         '200',                      profile],
  ['GET /v1/accounts/{handle}',                           neighbour,                       accounts,        '200'],
  // The caller's own credentials.
  ['POST /v1/auth/rotate',                                bearer,                          nothing,         '201',                      {}],
  ['GET /v1/me/tokens',                                   human,                           nothing,         '200'],
  ['POST /v1/me/tokens',                                  issuer('channel:town:read'),     nothing,         '201',                      tokenFor('channel:town:read')],
  ['POST /v1/me/tokens',                                  issuer('audit:read'),            nothing,         '201',                      tokenFor('audit:read')],
  ['POST /v1/me/tokens',                                  issuer('admin:*'),               nothing,         '201',                      tokenFor('admin:*')],
  ['POST /v1/me/tokens/{id}/revoke',                      own(human, 'token'),             tokens,          '200'],
  ['GET /v1/auth/sessions',                               human,                           nothing,         '200'],
  ['DELETE /v1/auth/sessions/{id}',                       own(human, 'session'),           sessions,        '204'],
  ['POST /v1/me/password',                                human,                           nothing,         '401 invalid_credentials',  password],
  ['POST /v1/auth/logout',                                session,                         nothing,         '200',                      undefined, 'throwaway'],
  // Rooms and their messages.
  ['GET /v1/channels',                                    account,                         nothing,         '200'],
  ['GET /v1/channels?include=discoverable',               account,                         nothing,         '200'],
  ['GET /v1/channels/{slug}/members',                     reader,                          rooms,           '200'],
  ['GET /v1/me/access?channel={slug}',                    account,                         rooms,           '200'],
  ['GET /v1/messages?channel=*&since=oldest&limit=200',   account,                         nothing,         '200'],
  ['GET /v1/messages?channel=*&mentions_me=true',         account,                         nothing,         '200'],
  ['GET /v1/messages?channel={slug}',                     reader,                          rooms,           '200'],
  ['GET /v1/messages?channel={slug}&since=oldest&wait=1', reader,                          rooms,           '200'],
  ['GET /v1/messages?channel={slug}&since=nonsense',      reader,                          rooms,           '400 invalid_cursor'],
  ['GET /v1/messages?channel={slug}&limit=0',             account,                         rooms,           '422 validation_error'],
  ['GET /v1/messages?channel=town&thread={message}',      inTown(reader, 'thread'),        rooms,           '200'],
  ['GET /v1/messages/{message}',                          readerElse('message'),           rooms,           '200'],
  ['GET /v1/messages/{message}?include_deleted=true',     readerElse('message'),           rooms,           '200'],
  ['POST /v1/messages',                                   poster,                          rooms,           '201',                      post],
  ['POST /v1/messages',                                   account,                         rooms,           '422 validation_error',     shapeless],
  ['POST /v1/messages',                                   poster,                          rooms,           '400 invalid_thread_id',    { ...post, thread_id: 'x' }],
  ['POST /v1/messages',                                   inTown(poster, 'thread'),        rooms,           '201',                      inThread],
  ['POST /v1/messages',                                   inTown(poster, 'reply_target'),  rooms,           '201',                      inReply],
  // The log and its streams.
  ['GET /v1/events?since=oldest&limit=500',               account,                         nothing,         '200'],
  ['GET /v1/events?since=oldest&channel={slug}',          reader,                          rooms,           '200'],
  ['GET /v1/events?since=oldest&channel={slug}&wait=1',   reader,                          rooms,           '200'],
  ['GET /v1/events?since=oldest&thread={message}',        readerElse('thread'),            rooms,           '200'],
  ['GET /v1/events?since=oldest',                         account,                         nothing,         '200',                      undefined, 'stream'],
  ['GET /v1/events?since=oldest&channel={slug}',          reader,                          rooms,           '200',                      undefined, 'stream'],
  ['GET /v1/ws',                                          socket,                          nothing,         '101',                      undefined, 'socket'],
  ['GET /v1/ws?channel={slug}',                           channelSocket,                   rooms,           '101',                      undefined, 'socket'],
  // Administration.
  ['GET /v1/admin/accounts',                              admin(),                         nothing,         '200'],
  ['POST /v1/admin/accounts',                             admin(),                         nothing,         '409 handle_exists',        newAgent],
  ['PATCH /v1/admin/accounts/{id}',                       existing(admin(), 'account'),    accounts,        '200',                      profile],
  ['POST /v1/admin/accounts/{id}/archive',                existing(admin(), 'account'),    archivedAccount, '200'],
  ['POST /v1/admin/accounts/{id}/unarchive',              existing(admin(), 'account'),    accounts,        '200'],
  ['GET /v1/admin/channels',                              admin(),                         nothing,         '200'],
  ['POST /v1/admin/channels',                             admin(),                         nothing,         '409 slug_exists',          newChannel],
  ['POST /v1/admin/channels/{id}/archive',                existing(admin(), 'channel'),    archivedRooms,   '200'],
  ['POST /v1/admin/channels/{id}/unarchive',              existing(admin(), 'channel'),    liveRooms,       '200'],
  ['GET /v1/admin/memberships',                           admin(),                         nothing,         '200'],
  ['GET /v1/admin/memberships?channel={slug}',            existing(admin(), 'channel'),    rooms,           '200'],
  ['POST /v1/admin/memberships',                          existing(admin(), 'channel'),    rooms,           '409 already_member',       membership],
  ['PATCH /v1/admin/memberships/{host}/{id}',             existing(admin(), 'membership'), rooms,           '200',                      role],
  ['DELETE /v1/admin/memberships/{loner}/{id}',           admin(),                         rooms,           '404 membership_not_found'],
  ['GET /v1/admin/tokens?account={handle}',               existing(admin(), 'account'),    accounts,        '200'],
  ['POST /v1/admin/tokens',                               existing(admin(), 'account'),    agents,          '400 invalid_scope',        wrongToken],
  ['POST /v1/admin/tokens/{id}/revoke',                   existing(admin(), 'token'),      revokedToken,    '200'],
  ['GET /v1/admin/devices',                               admin(),                         nothing,         '200'],
  ['POST /v1/admin/devices',                              existing(admin(), 'account'),    agents,          '400 invalid_scope',        wrongDevice],
  ['POST /v1/admin/devices/{id}/revoke',                  existing(admin(), 'device'),     revokedDevice,   '200'],
  ['POST /v1/admin/onboard',                              admin(),                         nothing,         '404 channel_not_found',    newcomer],
  ['GET /v1/admin/drain',                                 admin(),                         nothing,         '200'],
  ['POST /v1/admin/echo',                                 admin(),                         nothing,         '201'],
  ['POST /v1/admin/backups',                              operator,                        nothing,         '201',                      {}],
  ['POST /v1/admin/stop',                                 operator,                        nothing,         '409 other_run',            anotherRun],
  ['GET /v1/config',                                      admin('config:read'),            nothing,         '200'],
  ['GET /v1/config-history',                              admin('config:read'),            nothing,         '200'],
  ['PUT /v1/config/{key}',                                setting,                         settings,        '200',                      value],
  ['DELETE /v1/config/{key}',                             setting,                         settings,        '200'],
  ['GET /v1/admin/audit?limit=500',                       admin('audit:read'),             nothing,         '200'],
  ['GET /v1/admin/audit/verify',                          admin('audit:read'),             nothing,         '200'],
  ['GET /v1/discovery/mdns',                              admin('federation:manage'),      nothing,         '200'],
]
