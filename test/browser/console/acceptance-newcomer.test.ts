// The first quarter of an hour with the program: start it, sign in, let a phone in by a code, decide and pause from there.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { BrowserPage, type Window } from '../../support/browser'
import { readQr } from '../../support/qr'
import { Site } from '../../support/site'
import { browser, ConsolePage, desktop, expectedError, phone } from './support'

setDefaultTimeout(180_000)

const open = async (address: string, window: Window) =>
  new ConsolePage(await BrowserPage.open(address, window), new URL(address).origin)

/** What the camera of a phone reads from the code on a page. */
async function scanned(page: ConsolePage): Promise<string> {
  const { path, size } = await page.waitFor<{ path: string; size: number }>(`(() => {
    const drawn = document.querySelector('.qr svg')
    return drawn && { path: drawn.firstElementChild.getAttribute('d'), size: drawn.viewBox.baseVal.width }
  })()`)
  const dark = new Set(path.match(/M\d+ \d+/g))
  const side = Array.from({ length: size }, (_, index) => index)
  return readQr(side.map((y) => side.map((x) => dark.has(`M${x} ${y}`))))
}

test.skipIf(browser === undefined)(
  'a newcomer starts the program, and decides and pauses from a phone',
  async () => {
    await using site = new Site()
    const { url } = await site.serve()
    const first = await site.run('quickstart', '--yes')
    const [, address = ''] = /Sign in as @admin: (\S+) /.exec(first.stdout) ?? []
    const [, password = ''] = /Password of @admin: (\S+)/.exec(first.stdout) ?? []
    expect(address).toBe(`${url}/`)
    const lines = first.stdout.split('\n')
    const from = lines.findIndex((line) => line.startsWith('mkdir'))
    const agent = { HOME: site.userHome }
    const snippet = lines.slice(from, lines.indexOf('', from)).join('\n')
    expect((await site.spawn(['sh'], agent, snippet)).code).toBe(0)

    // A name by which a phone would reach this machine, too.
    const near = address.replace('127.0.0.1', 'nas.localhost')
    await using page = await open(near, desktop)
    await page.fill('textbox', 'Handle', 'admin')
    await page.fill('textbox', 'Password', password)
    await page.click('button', 'Sign in')
    await page.find('listitem', /^assistant, agent, .*Hello from assistant/)
    await page.goes('/me/devices')
    await page.click('button', 'Let a device in')
    await page.click('button', 'Make a code')
    await page.find('image', 'Scan it with the camera of the device')
    const link = await scanned(page)
    expect(link).toStartWith(`${near}pair#`)
    await page.isClean({ allowed: [expectedError(401), /Autofocus processing was blocked/] })
    // Both have one browser here: the phone has no cookie yet.
    await page.page.cdp('Network.clearBrowserCookies')

    await using held = await open(link, phone)
    await held.click('button', /^Connect/)
    await held.click('link', 'Open Synapse')
    await held.find('listitem', /^assistant, agent, .*Hello from assistant/)
    expect(await held.page.value('document.cookie')).toBe('')

    // The agent asks; the person decides on the phone.
    const synapse = (...words: string[]) => site.spawn([...site.program, ...words], agent)
    const token = await Bun.file(`${site.userHome}/.synapse/assistant.token`).text()
    const setup = [...site.program, 'setup', '--url', url, '--token-file', '-']
    expect((await site.spawn(setup, agent, token)).code).toBe(0)
    const asked = synapse('ask', 'general', 'May I deploy?', '--option', 'Deploy', '--option', 'Not now')
    await held.find('group', 'May I deploy?')
    // A card takes nothing in the moment after it came.
    await held.waitFor('globalThis.cameAt ??= performance.now(), performance.now() - cameAt > 600')
    await held.click('button', 'Deploy')
    expect(await asked).toMatchObject({ code: 0, stdout: expect.stringContaining('Deploy') })
    await held.shows('Deploy, by you')

    // The person pauses the agent, whose posts are refused until it is resumed.
    await held.click('button', 'Pause')
    await held.find('dialog', /^Pause/)
    await held.isClean({ allowed: [expectedError(401)] })
    const confirm = await held.find('dialog', /^Pause/)
    await confirm.call("function () { this.querySelector('footer .button:last-child').click() }")
    await held.find('button', 'Resume')
    const refused = await synapse('post', 'general', 'I go on')
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('paused')
    await held.click('button', 'Resume')
    await held.gone('button', 'Resume')
    expect((await synapse('post', 'general', 'I go on now')).code).toBe(0)
    await held.shows('I go on now')
    expect(await held.small(44)).toEqual([])
    await held.isClean({ allowed: [expectedError(401)] })
  },
)
