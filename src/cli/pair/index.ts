// The commands that pair devices: pair makes a code, join redeems it, pair list and pair revoke manage devices.
// May import: the shared files of src/cli, those of src/cli/admin that say where to act, and uqr.
// link.ts writes a code as a link; qr.ts draws it; token-file.ts saves the token of a client.
// Start reading in this file, then join.ts.
import { printable } from '../../core/kernel/text'
import { withClient } from '../admin'
import { UsageError } from '../lib/cli-error'
import { type Command, command } from '../lib/command'
import { baseOf, type Where } from '../lib/connect'
import { parseDuration } from '../lib/duration'
import { publicUrl, serverAddress } from '../lib/server-address'
import { jsonOf, type Loss, note, printOnce, styleOf } from '../lib/terminal'
import { words } from '../lib/text'
import type { Device, PairedDevice } from '../lib/wire'
import { pairLink } from './link'
import { drawCode } from './qr'

export const pair: Command = command({
  args: {
    device: {
      type: 'string',
      valueHint: 'label',
      required: true,
      description: 'Label of the device; browser-… and viewer-… get scopes of their own',
    },
    account: {
      type: 'string',
      valueHint: 'handle',
      description: 'Account of the device; default: the only human admin',
    },
    url: {
      type: 'string',
      valueHint: 'url',
      description:
        'Address at which the device reaches the server; default: base_url, or an address it listens on',
    },
    scopes: {
      type: 'string',
      valueHint: 'list',
      description: 'Scopes, separated by commas; default: by the label',
    },
    actors: {
      type: 'string',
      valueHint: 'list',
      description: 'Handles that the device may act as with X-Synapse-Actor, separated by commas',
    },
    ttl: {
      type: 'string',
      valueHint: '10m',
      description: 'Lifetime of the code, 1m to 24h; default: 10m',
    },
    'no-qr': { type: 'boolean', description: 'Do not draw a QR code' },
    direct: { type: 'boolean', description: 'Issue the token now and put it into the link, for scripts' },
    home: {
      type: 'string',
      valueHint: 'dir',
      description: 'Home directory of the server on this machine (SYNAPSE_HOME)',
    },
    json: { type: 'boolean', description: 'Print JSON instead of text' },
  },
  notes: [
    'The code works once. In a browser, the link signs the person in. With synapse join, the code gives a token with',
    'these scopes.',
  ],
  examples: [
    'synapse pair --device phone-ada --url http://192.168.1.20:8080',
    'synapse pair --device cli-cairn --account cairn --no-qr',
    'synapse pair --device browser-kiosk --account ada --ttl 2m',
  ],
  async run({ args, rawArgs }) {
    const ttl = args.ttl === undefined ? undefined : Math.round(parseDuration(args.ttl, '--ttl') / 1000)
    const given = args.url === undefined ? undefined : originOf(args.url)
    const request = {
      device: args.device,
      account_handle: args.account,
      scopes: args.scopes === undefined ? undefined : words(args.scopes),
      actors: args.actors === undefined ? undefined : words(args.actors),
      ttl_s: ttl,
      direct: args.direct,
    }
    const { paired, address } = await withClient({ home: args.home }, async (client) => ({
      paired: await client.post<PairedDevice>('/v1/admin/devices', request),
      address: serverAddress({ home: args.home }, client.way, await publicUrl(client)),
    }))
    const url = given ?? address.url
    const { code, typed_code, token, ...device } = paired
    const link = pairLink(
      token === undefined
        ? { url, code: code ?? '', device: device.device }
        : { url, token, device: device.device },
    )
    const answer =
      args.json === true
        ? jsonOf({ ...device, url, link, ...(token === undefined ? { code: typed_code } : { token }) })
        : // citty reads --no-qr as `qr: false`, although the flag is declared as `no-qr`.
          textOf(device, { url, link, typed: typed_code, drawn: !rawArgs.includes('--no-qr') })
    await printOnce(answer, [lostDevice({ home: args.home }, device.id)])
    if (given === undefined && address.local)
      note(`Only this machine can reach ${url}. Give another address with --url.`)
    return undefined
  },
})

/** Revokes a code or token that could not be shown. */
function lostDevice(where: Where, id: string): Loss {
  return {
    takeBack: () => withClient(where, (client) => client.post(`/v1/admin/devices/${id}/revoke`)),
    done: 'the code could not be shown and was revoked; run the command again',
    otherwise: `the code could not be shown and could not be revoked; run synapse pair revoke ${id}`,
  }
}

/** Returns the origin of the server: the pairing page is at its root. @throws UsageError if the address has a path */
function originOf(url: string): string {
  const { origin, pathname } = new URL(baseOf(url))
  if (pathname === '/') return origin
  throw new UsageError('--url must be the address of a server without a path')
}

interface Shown {
  readonly url: string
  readonly link: string
  readonly typed: string | undefined
  readonly drawn: boolean
}

/** Returns the text for the person with the device: the QR code, the link, and the code to type. */
function textOf(device: Device, { url, link, typed, drawn }: Shown): string {
  const { bold, dim } = styleOf(process.stdout)
  const { account_handle: handle, account_kind: kind, scopes } = device
  const until = new Date(device.expires_at).toLocaleTimeString('en-GB', { timeStyle: 'short' })
  const signsIn = kind === 'human' ? ` In a browser it signs @${handle} in.` : ''
  const ways =
    typed === undefined
      ? [dim('The token is in the link: keep it like a password.')]
      : [
          `Or open ${bold(`${url}/pair`)} and type ${bold(typed)}`,
          `For a program: synapse join --url ${url} --code ${typed}`,
          '',
          dim(`Works once, until ${until}.${signsIn}`),
        ]
  const lines = [
    `${bold(printable(device.device))} as ${bold(`@${handle}`)} ${dim(`(${scopes.join(', ')})`)}`,
    '',
    ...(drawn ? [...drawCode(link, process.stdout), ''] : []),
    link,
    '',
    ...ways,
  ]
  return lines.join('\n')
}
