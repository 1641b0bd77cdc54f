/**
 * Server names of Matrix, which every id of a user or room contains (spec.matrix.org, appendices, "Server Name"). They are
 * here, and not with the other ids, because the configuration checks its own name without loading the homeserver.
 */

/** The longest server name, so that localparts of some length remain possible. */
export const MAX_SERVER_NAME = 230

const HOST = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]{2,45}\])$/
const PORT = /:(\d{1,5})$/

/** Reports whether a text is a server name: a host name, IPv4 address or IPv6 address in brackets, and maybe a port. */
export function isServerName(text: string): boolean {
  if (text.length > MAX_SERVER_NAME) return false
  const host = text.replace(PORT, '')
  return HOST.test(host) && (!host.startsWith('[') || isIpv6(host.slice(1, -1)))
}

/** Reports whether this server may have such a name: a server name in lower case, with a port that exists. */
export function isOwnServerName(text: string): boolean {
  const port = Number(PORT.exec(text)?.[1] ?? 1)
  return isServerName(text) && text === text.toLowerCase() && port >= 1 && port <= 65_535
}

function isIpv6(text: string): boolean {
  const ending = /(?:^|:)(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text)?.[1]
  if (ending?.split('.').some((part) => Number(part) > 255)) return false
  // An IPv4 address at the end stands for two groups.
  const groups = ending === undefined ? text : `${text.slice(0, -ending.length)}0:0`
  const sides = groups.split('::')
  const counts = sides.map((side) => (side === '' ? 0 : side.split(':').length))
  const count = counts.reduce((sum, next) => sum + next, 0)
  const isRight = sides.length === 1 ? count === 8 : sides.length === 2 && count < 8
  return (
    isRight && sides.every((side) => side === '' || /^[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4})*$/.test(side))
  )
}
