import type { EventType } from '../../core/events'
import { type Html, html, prose } from './html'

interface Described {
  /** Keys beside the common ones. */
  readonly payload: string
  readonly meaning: string
  readonly hearers: string
}

const readers = 'readers of the channel'
const concerned = 'readers of the channel and the account'
const owner = 'the account, system admins'

/** Every type that the log can hold: a new one does not compile until it is described here. */
const described: Readonly<Record<EventType, Described>> = {
  'message.created': { payload: '`message`', meaning: 'A message was posted.', hearers: readers },
  'member.joined': {
    payload: '`account` `role`',
    meaning: 'An account came into the channel.',
    hearers: concerned,
  },
  'member.left': {
    payload: '`account` `by`',
    meaning: 'An account went out; `by` is `self` or `admin`.',
    hearers: concerned,
  },
  'member.role': {
    payload: '`account` `role` `previous`',
    meaning: 'What a member may do has changed.',
    hearers: concerned,
  },
  'channel.created': { payload: '`info`', meaning: 'A channel was made.', hearers: readers },
  'channel.updated': {
    payload: '`info` `changed`',
    meaning: 'A channel was changed; `changed` lists the keys.',
    hearers: readers,
  },
  'channel.archived': {
    payload: '`info`',
    meaning: 'Reading and posting there are refused from then on.',
    hearers: 'members',
  },
  'channel.unarchived': { payload: '`info`', meaning: 'The channel is open again.', hearers: readers },
  'account.created': { payload: '`account`', meaning: 'An account was made.', hearers: owner },
  'account.updated': {
    payload: '`account` `changed`',
    meaning: 'A profile was changed; `changed` lists the keys, never the values.',
    hearers: 'the account, system admins, everybody who shares a channel with it',
  },
  'account.archived': {
    payload: '`account`',
    meaning: 'The account was shut; its sessions and streams end.',
    hearers: owner,
  },
  'account.unarchived': { payload: '`account`', meaning: 'The account is open again.', hearers: owner },
  'account.token_issued': {
    payload: '`account` `token_id` `name` `scopes`',
    meaning:
      'A token was issued; the token itself is never in the log. With `replaces` when it took the place of another.',
    hearers: owner,
  },
  'account.token_revoked': {
    payload: '`account` `token_id` `name` `scopes`',
    meaning: 'A token was revoked; its streams end.',
    hearers: owner,
  },
  'account.session_ended': {
    payload: '`account` `session_id`',
    meaning: 'Somebody signed out, or was signed out: by a new password, or from another device.',
    hearers: owner,
  },
  'setting.changed': {
    payload: '`key` `by`',
    meaning: 'A setting was set or unset; `by` is a handle, or null for the operator. The value is not told.',
    hearers: 'system admins',
  },
}

export function eventTable(): Html {
  const rows = Object.entries(described).map(
    ([type, { payload, meaning, hearers }]) =>
      html`<tr id="event-${type}" data-find="${type} ${payload.replaceAll('`', '')} event"><th scope="row"><code>${type}</code></th><td class="keys">${prose(payload)}</td><td>${prose(meaning)}</td><td data-label="Heard by">${hearers}</td></tr>`,
  )
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Event types"><table class="wide"><thead><tr><th scope="col">Type</th><th scope="col">Payload keys</th><th scope="col">What happened</th><th scope="col">Who hears it</th></tr></thead><tbody>${rows}</tbody></table></div>`
}
