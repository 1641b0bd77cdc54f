import type { ConfigRequest } from '../../config/index'
import type { ServeArgs } from './index'

/** What the command line says about the configuration; what it does not say is decided elsewhere. */
export function flagsOf(args: ServeArgs) {
  return {
    home: args.home,
    host: args.host,
    port: args.port,
    'database-url': args['database-url'],
    'allow-public-bind': args['allow-public-bind'],
  } as const satisfies ConfigRequest['flags']
}

/** The same flags as words of a command line. */
export function wordsOf(args: ServeArgs): string[] {
  return Object.entries(flagsOf(args)).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  )
}
