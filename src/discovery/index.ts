/**
 * Finding servers in the local network (multicast DNS, DNS-SD: RFC 6762, RFC 6763) and by a domain, and saying where this
 * one is. What is found are hints: a key is believed only when the manifest that it signed says the same.
 * Imports multicast-dns and what Node and Bun have built in; nothing of Synapse but the form of its keys and of JSON that is signed.
 * records.ts is what stands on the wire, neighbourhood.ts who speaks and listens there, lookup.ts the way by URL and domain.
 * Start reading at records.ts.
 */
export { type Found, findAt, findByDomain, type NameServer } from './lookup'
export { MdnsBrowser, type MdnsBrowserOptions } from './mdns-browser'
export type { Announcement, Hint } from './records'
