import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

const ANSWER_MILLISECONDS = 2000

/** Why a Redis server cannot be used as a bus, and the remedy. */
export interface RedisFault {
  readonly problem: string
  readonly remedy: string
}

/**
 * Returns why a Redis server cannot be used as a bus, or undefined if it can. Signs in, publishes a message that every
 * process ignores, and subscribes. Bun's client cannot tell these faults apart: it reports a closed connection for
 * each.
 */
export async function probeRedis(url: string, channel: string): Promise<RedisFault | undefined> {
  const { protocol, hostname, port, host, username, password } = new URL(url)
  const place = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) }
  const isTls = protocol === 'rediss:'
  const user = decodeURIComponent(username) || 'default'
  const secret = decodeURIComponent(password)
  const signIn = secret === '' ? ['HELLO', '3'] : ['HELLO', '3', 'AUTH', user, secret]
  try {
    for (const words of [signIn, ['PING'], ['PUBLISH', channel, 'probe'], ['SUBSCRIBE', channel]]) {
      // Each command gets its own connection, so that its answer is unambiguous.
      const commands = words === signIn ? [signIn] : [signIn, words]
      const refused = refusalIn(await answersTo(place, isTls, commands))
      if (refused !== undefined) return explained(refused, words[0] ?? '', { host, user, channel })
    }
    return undefined
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer'
    return unreachable(code, host, isTls)
  }
}

/** Sends the commands one by one and returns all answers. Stops at the first refusal. */
function answersTo(
  { host, port }: { host: string; port: number },
  isTls: boolean,
  commands: readonly (readonly string[])[],
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket: Socket = isTls
    ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }) })
    : connectPlain({ host, port })
  const fail = (code: string) => reject(Object.assign(new Error('no answer'), { code }))
  const timer = setTimeout(() => fail('ETIMEDOUT'), ANSWER_MILLISECONDS)
  let heard = ''
  let asked = 0
  const ask = () => {
    const words = commands[asked++] ?? []
    socket.write(
      `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`,
    )
  }
  socket.on(isTls ? 'secureConnect' : 'connect', ask)
  socket.on('data', (data) => {
    heard += data.toString()
    if (!heard.endsWith('\r\n')) return
    if (asked === commands.length || refusalIn(heard) !== undefined) resolve(heard)
    else ask()
  })
  socket.on('error', (error) => fail('code' in error ? String(error.code) : error.name))
  socket.on('close', () => fail('ECONNRESET'))
  return promise.finally(() => {
    clearTimeout(timer)
    socket.destroy()
  })
}

/** The error code of a refusal, such as `WRONGPASS`, `NOAUTH`, `NOPERM` or `ERR`. */
function refusalIn(heard: string): string | undefined {
  return /(?:^|\r\n)-([A-Z]+)/.exec(heard)?.[1]
}

function explained(
  code: string,
  command: string,
  { host, user, channel }: { host: string; user: string; channel: string },
): RedisFault {
  if (code === 'NOAUTH')
    return {
      problem: `Redis at ${host} asks for a password (NOAUTH)`,
      remedy: 'write redis://:<password>@host in SYNAPSE_BUS_URL',
    }
  if (code === 'WRONGPASS')
    return {
      problem: `Redis at ${host} rejects the user ${user} (WRONGPASS)`,
      remedy: 'correct user and password in SYNAPSE_BUS_URL',
    }
  if (code === 'NOPERM')
    return {
      problem: `the user ${user} of Redis at ${host} may not ${command} on the channel ${channel} (NOPERM)`,
      remedy: `grant the rights: ACL SETUSER ${user} +hello +ping +publish +subscribe &${channel}`,
    }
  return { problem: `Redis at ${host} refuses ${command} (${code})`, remedy: 'use Redis 6, Valkey or newer' }
}

function unreachable(code: string, host: string, isTls: boolean): RedisFault {
  if (/CERT|SIGNED|ISSUER|SIGNATURE/.test(code))
    return {
      problem: `the certificate of Redis at ${host} is not trusted on this machine (${code})`,
      remedy: 'set NODE_EXTRA_CA_CERTS to the file of its CA, and use the host name in the certificate',
    }
  const other = isTls
    ? 'if it speaks no TLS, write redis://'
    : 'if it speaks TLS, write rediss:// in SYNAPSE_BUS_URL'
  return /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/.test(code)
    ? { problem: `no Redis answers at ${host} (${code})`, remedy: 'start it, or correct SYNAPSE_BUS_URL' }
    : {
        problem: `Redis at ${host} ${code === 'ETIMEDOUT' ? 'does not answer' : 'ends the connection'} (${code})`,
        remedy: other,
      }
}
