/**
 * The four walkthroughs of docs/operating.md: runs every line of their blocks as written, in order, as a user who has
 * only the program, on computers with their own networks. Substitutes for what is missing here:
 *
 * - the phone is a headless browser of its size in the network of the laptop; it is given the text of the QR code;
 * - `sudo` runs its command directly, because the user is root already;
 * - `systemctl reload caddy` starts Caddy with /etc/caddy/Caddyfile and a private certificate authority;
 * - `chat.example.org` is a line in /etc/hosts; the tailnet is a network in 100.64/10, and `tailscale` prints an address;
 * - the passphrase for the keys comes from SYNAPSE_BACKUP_PASSPHRASE instead of the keyboard;
 * - `<link>` is the last link that `synapse pair` printed.
 */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { readPairLink } from '../../src/cli/pair/link'
import { browser } from '../support/browser'
import type { Finished } from '../support/finished'
import { modulesOf, readQr } from '../support/qr'
import { blocksIn, linesOf, pageOf } from './blocks'
import { Box, canMakeBoxes } from './box'

setDefaultTimeout(120_000)

const LAPTOP = '192.168.1.20'
const TAILNET = '100.64.0.7'
const NAME = 'chat.example.org'

/** A line of a block: a command, or a comment that the next lines are for another computer. */
interface Step {
  readonly place: string
  readonly command: string | undefined
}

function blocksOf(heading: string): string[] {
  const guide = pageOf('docs/operating.md')
  const section = guide.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  if (section === undefined) throw new Error(`the guide has no section "${heading}"`)
  return blocksIn(section)
}

function stepsOf(heading: string): Step[] {
  const [block = ''] = blocksOf(heading)
  let place = 'here'
  return linesOf(block).flatMap((line): Step[] => {
    if (!line.startsWith('#')) return [{ place, command: line }]
    const next = /^# On ([^:,]+)/.exec(line)?.[1]
    if (next === undefined) return []
    place = next
    return [{ place, command: undefined }]
  })
}

interface Told extends Finished {
  readonly command: string
}

/** A computer of the walkthrough, and what happens there without a command. */
interface Place {
  readonly box: Box
  readonly arrive?: (told: readonly Told[]) => Promise<void> | void
}

/** Goes through a section. Every command must succeed except doctor, whose result the caller checks. */
async function walk(heading: string, places: Readonly<Record<string, Place>>): Promise<Told[]> {
  const told: Told[] = []
  for (const { place, command } of stepsOf(heading)) {
    const at = places[place]
    if (at === undefined) throw new Error(`nobody knows "${place}" of "${heading}"`)
    if (command === undefined) {
      await at.arrive?.(told)
      continue
    }
    const line = command.replaceAll('<link>', () => linkIn(told.map(({ stdout }) => stdout).join('\n')))
    const outcome = await at.box.run(line, { SYNAPSE_BACKUP_PASSPHRASE: 'correct horse battery staple' })
    told.push({ ...outcome, command })
    if (outcome.code !== 0 && !command.startsWith('synapse doctor'))
      throw new Error(
        `${heading}: ${command}\nended with ${outcome.code}\n${outcome.stdout}${outcome.stderr}`,
      )
  }
  return told
}

/** The last pairing link in the text. */
function linkIn(text: string): string {
  return /^https?:\/\/\S+\/pair#\S+$/m.exec(text.split('\n').reverse().join('\n'))?.[0] ?? ''
}

/** What a camera reads in the QR code that the terminal shows. */
function scanned(text: string): string {
  return readQr(
    modulesOf(
      text.split('\n').filter((line) => /^[ █▀▄]+$/.test(line)),
      false,
    ),
  )
}

function said(told: readonly Told[], command: string): string {
  const found = told.find((one) => one.command.startsWith(command))
  if (found === undefined) throw new Error(`the section does not say ${command}`)
  return found.stdout
}

/** The exit code of doctor, and the names of the checks that warned or failed. */
function diagnosis(told: readonly Told[]) {
  const last = told.at(-1)
  expect(last?.command).toStartWith('synapse doctor')
  const complaints = [...(last?.stdout ?? '').matchAll(/^(?:warn|FAIL) +(\S+)/gm)].map(([, name]) => name)
  return { code: last?.code, complaints }
}

test.each(['On a laptop', 'A phone on the same Wi-Fi', 'A team behind Caddy', 'A box behind Tailscale'])(
  'the section "%s" has one block, which ends with doctor',
  (heading) => {
    expect(blocksOf(heading)).toHaveLength(1)
    expect(stepsOf(heading).at(-1)?.command).toStartWith('synapse doctor')
  },
)

const boxes = canMakeBoxes()
if (!boxes.can) console.log(`skipped: the walkthroughs on computers of their own: ${boxes.why}`)

describe.skipIf(!boxes.can)('the walkthroughs', () => {
  test('a new operator on a laptop gets a server in which doctor finds nothing wrong', async () => {
    await using laptop = await Box.make()
    const told = await walk('On a laptop', { here: { box: laptop } })
    expect(said(told, 'curl')).toContain('"body":"hello"')
    expect(diagnosis(told)).toEqual({ code: 0, complaints: [] })
    const page = await laptop.run('curl -fsS http://127.0.0.1:8080/docs')
    expect(page.stdout).toContain('<title>')
  })

  test.skipIf(browser === undefined)(
    'a phone on the same Wi-Fi pairs with the code on the screen',
    async () => {
      await using laptop = await Box.make()
      await using phone = await Box.make()
      await laptop.connect(phone, [LAPTOP, '192.168.1.30'])
      let seen: unknown
      const arrive = async (told: readonly Told[]) => {
        const link = scanned(said(told, 'synapse pair --device phone-ada'))
        expect(link).toStartWith(`http://${LAPTOP}:8080/pair#`)
        const program = join(import.meta.dir, 'phone.ts')
        const { stdout, stderr } = await phone.run(`'${process.execPath}' '${program}' '${link}'`, {
          BUN_CHROME_PATH: browser ?? '',
        })
        if (stdout === '') throw new Error(stderr)
        seen = JSON.parse(stdout)
      }
      const told = await walk('A phone on the same Wi-Fi', {
        here: { box: laptop },
        'the phone': { box: phone, arrive },
        'the laptop': { box: laptop },
      })
      expect(seen).toMatchObject({
        page: `http://${LAPTOP}:8080/pair`,
        who: '@ada',
        me: { handle: 'ada', via: 'session' },
        next: [['/', 'Open Synapse']],
      })
      expect(JSON.parse(said(told, 'synapse pair list'))).toMatchObject([
        { device: 'phone-ada', state: 'redeemed' },
      ])
      expect(diagnosis(told)).toEqual({ code: 1, complaints: ['bind'] })
    },
  )

  test.skipIf(Bun.which('caddy') === null)('a team behind Caddy is served over https only', async () => {
    await using server = await Box.make()
    await using agent = await Box.make()
    await server.connect(agent, ['10.20.0.1', '10.20.0.2'])
    server.put('sudo', 'exec "$@"')
    server.put('systemctl', CADDY_SERVICE)
    await server.run(`mkdir -p /etc/caddy; echo '127.0.0.1 ${NAME}' >> /etc/hosts`)
    await agent.run(`echo '10.20.0.1 ${NAME}' >> /etc/hosts`)
    const told = await walk('A team behind Caddy', {
      here: { box: server },
      "the agent's machine": { box: agent, arrive: () => server.share(agent) },
      'the server': { box: server },
    })
    const phone = said(told, 'synapse pair --device phone-grace')
    expect(readPairLink(scanned(phone))).toMatchObject({ url: `https://${NAME}`, device: 'phone-grace' })
    expect(JSON.parse(said(told, 'synapse join'))).toMatchObject({ url: `https://${NAME}`, handle: 'cairn' })
    expect(await me(agent, `--cacert root.crt https://${NAME}`)).toMatchObject({ handle: 'cairn' })
    expect((await agent.run('curl -sS -m 5 http://10.20.0.1:8080/healthz')).code).not.toBe(0)
    expect(diagnosis(told.filter(({ command }) => command.includes('--handle cairn')))).toEqual({
      code: 0,
      complaints: [],
    })
    expect(diagnosis(told)).toEqual({ code: 0, complaints: [] })
  })

  test('a box behind Tailscale can be reached from the tailnet', async () => {
    await using box = await Box.make()
    await using other = await Box.make()
    await box.connect(other, [TAILNET, '100.64.0.8'])
    box.put('tailscale', `[ "$*" = 'ip -4' ] && echo ${TAILNET}`)
    const told = await walk('A box behind Tailscale', {
      here: { box },
      'another machine of the tailnet': { box: other },
      'the box': { box },
    })
    const url = `http://${TAILNET}:8080`
    expect(JSON.parse(said(told, 'synapse join'))).toMatchObject({ url, handle: 'cairn' })
    expect(await me(other, url)).toMatchObject({ handle: 'cairn' })
    expect(JSON.parse(said(told, 'synapse pair list'))).toMatchObject([
      { device: 'cli-cairn', state: 'redeemed' },
    ])
    expect(diagnosis(told)).toEqual({ code: 1, complaints: ['bind'] })
  })
})

/** The account of the token that `synapse join` stored on this box. */
async function me(box: Box, where: string): Promise<unknown> {
  const header = `printf 'Authorization: Bearer %s' "$(cat ~/.synapse/cairn.token)"`
  const { stdout, stderr } = await box.run(`${header} | curl -sS -H @- ${where}/v1/auth/me`)
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

/** `systemctl reload caddy` on a machine without systemd. */
const CADDY_SERVICE = `set -e
[ "$*" = 'reload caddy' ]
{ printf '{\\n\\tlocal_certs\\n\\tskip_install_trust\\n}\\n'; cat /etc/caddy/Caddyfile; } > ~/Caddyfile
caddy start --config ~/Caddyfile --adapter caddyfile
until [ -s ~/.local/share/caddy/pki/authorities/local/root.crt ]; do sleep 0.05; done
cp ~/.local/share/caddy/pki/authorities/local/root.crt ~/root.crt`
