/**
 * Discovery: finds servers in the local network (multicast DNS, DNS-SD: RFC 6762, RFC 6763) and by domain, and
 * announces this one. Results are hints: a key is trusted only if a manifest signed with it says the same.
 * Imports multicast-dns and the built-ins of Node and Bun; from Synapse only the formats of keys and signed JSON.
 * records.ts encodes DNS records, mdns-browser.ts speaks multicast DNS, lookup.ts finds servers by URL and domain.
 * Start reading at records.ts.
 */
export { type Found, findAt, findByDomain, type NameServer } from './lookup'
export { MdnsBrowser, type MdnsBrowserOptions } from './mdns-browser'
export type { Announcement, Hint } from './records'
