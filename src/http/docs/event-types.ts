import type { Catalogue } from '../../core/log/catalogue'
import type { AudienceKind } from '../../core/log/event-kind'
import { type FrameAudience, frameKinds } from '../../core/log/frames'
import { type Html, html, prose } from './html'

const seenBy: Readonly<Record<Exclude<AudienceKind, 'nobody'>, string>> = {
  readers: 'readers of the channel',
  readers_or_everyone: 'readers of the channel; without a channel, everyone',
  readers_and_account: 'readers of the channel and the account',
  members: 'members',
  account: 'the account, system admins',
  only_account: 'the account',
  sender_and_recipient: 'the sender of the message and the account',
  account_and_peers: 'the account, system admins, accounts that share a channel with it',
  account_and_former_peers: 'the account, system admins, accounts that shared a channel with it',
  admins: 'system admins',
  paused:
    'readers of the channel; without a channel everyone, or if it is of one agent those who share a channel with it',
}

const receivedBy: Readonly<Record<FrameAudience, string>> = {
  readers: 'readers of the channel; without a channel, everyone',
  account_and_peers: 'accounts that share a channel with it',
  account: 'the account',
}

/** The table of event types in the catalogue that readers may see. */
export function eventTable(catalogue: Catalogue): Html {
  const inLog = [...catalogue.entries()].flatMap(([type, { payload, doc, audience }]) =>
    audience === 'nobody' ? [] : [row(type, payload, doc, seenBy[audience])],
  )
  const ephemeral = Object.entries(frameKinds).map(([type, { payload, doc, audience }]) =>
    row(type, payload, `${doc} Ephemeral.`, receivedBy[audience]),
  )
  const rows = [...inLog, ...ephemeral]
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Event types"><table class="wide"><thead><tr><th scope="col">Type</th><th scope="col">Payload keys</th><th scope="col">What happened</th><th scope="col">Who receives it</th></tr></thead><tbody>${rows}</tbody></table></div>`
}

function row(type: string, payload: readonly string[], doc: string, receivers: string): Html {
  return html`<tr id="event-${type}" data-find="${type} ${payload.join(' ')} event"><th scope="row"><code>${type}</code></th><td class="keys">${prose(payload.map((key) => `\`${key}\``).join(' '))}</td><td>${prose(doc)}</td><td data-label="Received by">${receivers}</td></tr>`
}
