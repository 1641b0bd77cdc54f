/** Announces this server in the local network and finds others there, as long as the settings allow it. */
import { hostname } from 'node:os'
import type { Config } from '../config'
import type { Settings } from '../core/governance/settings'
import type { NearbyServer } from '../core/kernel'
import { MdnsBrowser, type MdnsBrowserOptions } from '../discovery'
import { isLoopbackUrl, localName, ownAddresses, privateAddresses } from '../home'
import type { Logger } from '../platform/logger'
import type { OpenStore } from '../store'
import type { Listeners } from './listeners'

/** Only one of several servers of a store announces itself. */
const LEASE = 'mdns'
const LEASE_SECONDS = 30
const LOOK_MS = 10_000

export interface MdnsAnnouncerParts {
  readonly config: Config
  readonly settings: Settings
  readonly did: string
  readonly listeners: Listeners
  readonly store: Pick<OpenStore, 'lease' | 'release'>
  readonly logger: Logger
  /** The port and interface, for tests. */
  readonly wire?: Pick<MdnsBrowserOptions, 'port' | 'interface'>
}

export class MdnsAnnouncer {
  private readonly mdnsBrowser: MdnsBrowser
  private readonly timer: Timer
  private looking: Promise<void>
  private isLeader = false

  constructor(private readonly parts: MdnsAnnouncerParts) {
    const { logger, wire } = parts
    this.mdnsBrowser = new MdnsBrowser({
      ...wire,
      trouble: (fault) => logger.warning('servers of the local network are not looked for', { fault }),
    })
    this.looking = this.look()
    this.timer = setInterval(() => (this.looking = this.looking.then(() => this.look())), LOOK_MS)
    this.timer.unref()
  }

  nearbyServers(): NearbyServer[] {
    return this.mdnsBrowser.hints.map(({ lastSeen, ...hint }) => ({
      ...hint,
      lastSeen: new Date(lastSeen).toISOString(),
      // An announcement is not verified: the manifest was not fetched.
      verified: false,
    }))
  }

  /** Sends goodbye and stops. */
  async stop(): Promise<void> {
    clearInterval(this.timer)
    await this.looking
    await this.mdnsBrowser[Symbol.asyncDispose]()
    if (this.isLeader) await this.parts.store.release(LEASE)
  }

  /** Applies changed settings and addresses. */
  private async look(): Promise<void> {
    const { settings, logger } = this.parts
    try {
      if (settings.get('discovery.mdns_browse')) this.mdnsBrowser.browse()
      else this.mdnsBrowser.stopBrowsing()
      if (await this.isToAnnounce()) this.announce()
      else await this.mdnsBrowser.goodbye()
    } catch (fault) {
      logger.warning('this server could not be announced in the local network', { fault })
    }
  }

  private async isToAnnounce(): Promise<boolean> {
    const { config, settings, listeners, store } = this.parts
    const isWanted = config.lan || settings.get('discovery.mdns_announce')
    this.isLeader =
      isWanted && reachable(listeners) !== undefined && (await store.lease(LEASE, LEASE_SECONDS))
    return this.isLeader
  }

  private announce(): void {
    const { settings, did, listeners } = this.parts
    const url = settings.get('base_url') ?? reachable(listeners)
    if (url === undefined) return
    this.mdnsBrowser.announce({
      did,
      name: settings.get('instance.name') || hostname(),
      url,
      port: listeners.port,
      host: localName(),
      addresses: privateAddresses(ownAddresses()),
    })
  }
}

/** Returns the first address at which others reach the server. */
function reachable({ urls }: Listeners): string | undefined {
  return urls.find((url) => !isLoopbackUrl(url))
}
