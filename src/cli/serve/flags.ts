import { mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'citty'
import { type ConfigRequest, databaseUrl, findHome, InvalidValue, parseDatabaseUrl } from '../../config'
import { becomeOwner, type RunFile } from '../../home'
import { type ServeArgs, serveArgs } from './args'

/** Returns the flags of the command line that are configuration. */
export function flagsOf(args: ServeArgs) {
  return {
    home: args.home,
    // Rescue mode listens on loopback only, whatever is configured.
    host: args['insecure-localhost'] === true ? '127.0.0.1' : args.host,
    port: args.port,
    lan: args['insecure-localhost'] === true ? false : args.lan,
    'tls-cert': args['tls-cert'],
    'tls-key': args['tls-key'],
    'database-url':
      args.memory === true && args.home !== undefined
        ? `sqlite:${join(args.home, 'synapse.db')}`
        : args['database-url'],
    'allow-public-bind': args['allow-public-bind'],
  } as const satisfies ConfigRequest['flags']
}

/** Returns the same flags as words of a command line. */
export function wordsOf(args: ServeArgs): string[] {
  const { home, host, port, lan, memory } = args
  const given = {
    home,
    host,
    port,
    lan,
    'tls-cert': args['tls-cert'],
    'tls-key': args['tls-key'],
    'database-url': args['database-url'],
    memory,
    'allow-public-bind': args['allow-public-bind'],
    'insecure-localhost': args['insecure-localhost'],
  }
  return Object.entries(given).flatMap(([name, value]) => {
    if (value === undefined) return []
    return [value === true ? `--${name}` : value === false ? `--no-${name}` : `--${name}=${value}`]
  })
}

/** Returns the flags that a server was started with. */
export function argsOf({ args: [, ...words] }: RunFile): ServeArgs {
  // The words were checked when the server was started.
  return parseArgs(words, serveArgs) as unknown as ServeArgs
}

/** Returns the flags with absolute paths, because a restart may happen from another directory. */
export function withAbsolutePaths(args: ServeArgs): ServeArgs {
  const { home, 'tls-cert': cert, 'tls-key': key, 'database-url': url } = args
  const absolute = (path: string | undefined) => (path === undefined || path === '' ? path : resolve(path))
  return {
    ...args,
    home: absolute(home),
    'tls-cert': absolute(cert),
    'tls-key': absolute(key),
    'database-url': url === undefined ? url : absoluteUrl(url),
  }
}

function absoluteUrl(url: string): string {
  try {
    return databaseUrl(parseDatabaseUrl(url, process.cwd()))
  } catch (error) {
    // The configuration is checked later, and reports the problem.
    if (error instanceof InvalidValue) return url
    throw error
  }
}

/** Creates the temporary home that `--memory` asks for, and returns the flags with it. */
export function withThrowAwayHome(args: ServeArgs): ServeArgs {
  if (args.memory !== true || args.home !== undefined) return args
  return { ...args, home: mkdtempSync(join(realpathSync(tmpdir()), 'synapse-memory-')) }
}

/** Finds the home of an existing server, the system service's too. A process of root becomes the owner of the home. */
export function homeToLookAfter({ home: flag }: ServeArgs): string {
  const home = findHome({ flags: { home: flag }, command: 'other' })
  becomeOwner(home)
  return home
}
