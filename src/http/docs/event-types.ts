import type { AudienceKind, Catalogue } from '../../core/log/catalogue'
import { type Html, html, prose } from './html'

const seenBy: Readonly<Record<AudienceKind, string>> = {
  readers: 'readers of the channel',
  readers_and_account: 'readers of the channel and the account',
  members: 'members',
  account: 'the account, system admins',
  account_and_peers: 'the account, system admins, accounts that share a channel with it',
  admins: 'system admins',
}

/** The table of event types in the catalogue. */
export function eventTable(catalogue: Catalogue): Html {
  const rows = [...catalogue.entries()].map(
    ([type, { payload, doc, audience }]) =>
      html`<tr id="event-${type}" data-find="${type} ${payload.join(' ')} event"><th scope="row"><code>${type}</code></th><td class="keys">${prose(payload.map((key) => `\`${key}\``).join(' '))}</td><td>${prose(doc)}</td><td data-label="Received by">${seenBy[audience]}</td></tr>`,
  )
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Event types"><table class="wide"><thead><tr><th scope="col">Type</th><th scope="col">Payload keys</th><th scope="col">What happened</th><th scope="col">Who receives it</th></tr></thead><tbody>${rows}</tbody></table></div>`
}
