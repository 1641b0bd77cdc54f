import { loadConfig } from '../../config'
import { homePaths, isLoopbackUrl, readRunFile, urlFromHere, urlHost } from '../../home'
import type { AdminClient, Way } from './client'
import { baseOf, type Where } from './connect'

/** The address at which clients reach the server. */
export interface ServerAddress {
  readonly url: string
  /** True if only programs on this machine can use it. */
  readonly local: boolean
  /** True if a server answers there now. */
  readonly running: boolean
}

/** Returns the `base_url` setting of the server on this machine, if it is set. */
export async function publicUrl(client: AdminClient): Promise<string | null> {
  if (client.way === 'url') return null
  const { settings } = await client.get<{ settings: { key: string; value: unknown }[] }>('/v1/config')
  const url = settings.find(({ key }) => key === 'base_url')?.value
  return typeof url === 'string' ? url : null
}

/**
 * Returns the address to give to others: the public one, else one that the server listens on, else a configured one.
 * `known`: the result of `publicUrl`.
 */
export function serverAddress(where: Where, way: Way, known: string | null): ServerAddress {
  if (where.url !== undefined) return described(baseOf(where.url), true)
  const { home, hosts, port } = loadConfig({ flags: { home: where.home }, command: 'other' })
  const running = way === 'socket'
  const bound = running ? (readRunFile(homePaths(home).runFile)?.urls ?? []) : []
  const configured = hosts.map((host) => `http://${urlHost(host)}:${port}`)
  return described(known ?? mostPublic(bound.length > 0 ? bound : configured), running)
}

function described(url: string, running: boolean): ServerAddress {
  return { url: url.replace(/\/+$/, ''), local: isLoopbackUrl(url), running }
}

function mostPublic(urls: readonly string[]): string {
  const reachable = urls.map(urlFromHere)
  return reachable.find((url) => !isLoopbackUrl(url)) ?? reachable[0] ?? 'http://127.0.0.1:8080'
}
