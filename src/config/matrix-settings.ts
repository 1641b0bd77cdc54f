import { Type } from '@sinclair/typebox'
import { InvalidValue } from './config-error'
import { boot } from './declare'

/** The settings of the Matrix homeserver. */

const group = 'Matrix'
const MAX_BYTES = 230

/** A host name, an IPv4 address or an IPv6 literal, with a port or without (Matrix appendices, "Server name"). */
const SERVER_NAME = /^(?:\[[0-9a-f:.]{2,45}\]|[0-9a-z.-]+)(?::\d{1,5})?$/

export const matrixSettings = {
  'matrix.server_name': boot(Type.String(), {
    group,
    shownDefault: 'none: no homeserver',
    example: 'example.org',
    description:
      'The name of this Matrix homeserver, which every user id and room id contains: `@ada:example.org`. It can never be changed. Without it there is no homeserver.',
    normalise: serverName,
  }),
}

/** @throws InvalidValue */
function serverName(text: string): string {
  const name = text.toLowerCase()
  if (name.length <= MAX_BYTES && SERVER_NAME.test(name)) return name
  throw new InvalidValue(
    `'${text}' is not a server name`,
    `write a host name of at most ${MAX_BYTES} characters, with a port or without, such as example.org`,
  )
}
