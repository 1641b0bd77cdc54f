// /pair on a phone: the link is read from the QR code in the terminal, opened, and signs the phone in.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { encode } from 'uqr'
import { pairLink } from '../../src/cli/pair/link'
import { codeLines } from '../../src/cli/pair/qr'
import { BrowserPage, browser, phone } from '../support/browser'
import { modulesOf, readQr } from '../support/qr'
import { type Fields, type World, world } from '../support/world'

interface Device {
  readonly id: string
  readonly code: string
  readonly typed_code: string
}

describe.skipIf(browser === undefined)('/pair on a phone', () => {
  let w: World
  beforeAll(async () => {
    w = await world()
    await w.human('ada', { isAdmin: true })
    await w.agent('cairn')
  })
  afterAll(() => w[Symbol.asyncDispose]())

  const pair = async (fields: Fields = {}) =>
    (await w.operator.post<Device>('/v1/admin/devices', { device: 'phone-ada', ...fields })).body
  /** The text that a camera reads from the terminal. */
  const scanned = (url: string, code: string) => {
    const { data } = encode(pairLink({ url, code, device: 'phone-ada' }), { ecc: 'L', border: 2 })
    return readQr(modulesOf(codeLines(data, false), false))
  }
  const open = (address: string) => BrowserPage.open(address, phone)
  const shown = (page: BrowserPage) => page.visible('main section h1')

  test('a scanned code signs the person in once and is visible nowhere', async () => {
    const { code } = await pair()
    const link = scanned(w.url, code)
    await using page = await open(link)
    await page.becomes("document.readyState === 'complete'")
    expect(await shown(page)).toEqual(['Connect this device?'])
    expect(await page.value('document.getElementById("device").textContent')).toBe('phone-ada')
    // The code is gone from the address bar and the history before anything is sent.
    expect(await page.value('location.href')).toBe(`${w.url}/pair`)
    expect(await page.value('document.documentElement.outerHTML')).not.toContain(code)
    expect(page.requests.map((url) => url.split('#')[0])).toEqual([`${w.url}/pair`])
    await page.click('#enter')
    await page.becomes('!document.getElementById("done").hidden')
    expect(await page.value('document.getElementById("who").textContent')).toBe('@ada')
    const me = await page.value<Fields>('fetch("/v1/auth/me").then((answer) => answer.json())')
    expect(me).toMatchObject({ handle: 'ada', via: 'session' })
    expect(await page.visible('#done a')).toEqual(['Open Synapse'])
    // Scripts cannot read the cookie.
    expect(await page.value('document.cookie')).toBe('')
    expect(page.complaints).toEqual([])
    expect(page.requests.filter((url) => !url.startsWith(w.url))).toEqual([])
    await page.click('#done a')
    await page.becomes('document.querySelector("nav") !== null')
    await using again = await open(link)
    await again.click('#enter')
    await again.becomes('document.getElementById("problem").textContent.includes("used already")')
  })

  test('without a link the page asks for the typed code', async () => {
    const { typed_code } = await pair()
    await using page = await open(`${w.url}/pair`)
    expect(await shown(page)).toEqual(['Connect this device'])
    await page.click('#code')
    await page.type('0000-0000000u')
    await page.press('Enter')
    await page.becomes('document.getElementById("problem").textContent.includes("not valid")')
    await page.value('document.getElementById("code").value = ""')
    await page.type(typed_code.toLowerCase())
    await page.click('#form button')
    await page.becomes('!document.getElementById("done").hidden')
    expect(await page.visible('#problem')).toEqual([])
  })

  test('a link for another server is refused before anything is sent', async () => {
    const { code } = await pair()
    const foreign = scanned('https://chat.example.org', code).replace('https://chat.example.org', w.url)
    await using page = await open(foreign)
    expect(await shown(page)).toEqual(['This link is for another server'])
    expect(await page.visible('#target')).toEqual(['https://chat.example.org'])
    expect(page.requests.map((url) => url.split('#')[0])).toEqual([`${w.url}/pair`])
  })

  test('a code for a program shows the command to redeem it, or the token once', async () => {
    const { code } = await pair({ account_handle: 'cairn' })
    await using page = await open(scanned(w.url, code))
    await page.click('#enter')
    await page.becomes('!document.getElementById("program").hidden')
    expect(await page.value('document.getElementById("command").textContent')).toStartWith(
      `synapse join '${w.url}/pair#`,
    )
    await page.click('#reveal')
    await page.becomes('!document.getElementById("token").hidden')
    const token = await page.value<string>('document.getElementById("secret").textContent')
    expect((await w.bearer(token).get('/v1/auth/me')).body).toMatchObject({ handle: 'cairn' })
  })

  test('a damaged link asks for the typed code', async () => {
    await using page = await open(`${w.url}/pair#nonsense`)
    expect(await shown(page)).toEqual(['Connect this device'])
    expect(await page.visible('#problem')).toEqual(['This link is damaged. Type the code instead.'])
  })

  test.each(['light', 'dark'] as const)(
    'the page fits the screen, is readable and is accessible: %s',
    async (scheme) => {
      const { code } = await pair()
      for (const address of [scanned(w.url, code), `${w.url}/pair`]) {
        await using page = await BrowserPage.open(address, { ...phone, scheme })
        expect(await page.value('document.documentElement.scrollWidth')).toBe(phone.width)
        expect(await page.contrast()).toEqual({ scheme, faint: [] })
        const small = `[...document.querySelectorAll('button, input, a.button')].filter((one) => one.checkVisibility())
        .map((one) => one.getBoundingClientRect().height).filter((height) => height < 44)`
        expect(await page.value<number[]>(small)).toEqual([])
      }
    },
  )
})
