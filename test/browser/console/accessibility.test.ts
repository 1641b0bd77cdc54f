// What a screen reader finds (console.md 8.1 and 10, 15), and settings of the system that change how a page looks.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type AtWork, atWork } from './at-work'
import { browser, ConsoleLab, type ConsolePage, desktop } from './support'

setDefaultTimeout(120_000)

interface Node {
  readonly ignored: boolean
  readonly role?: { readonly value: string }
  readonly name?: { readonly value: string }
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value: unknown } }[]
}

describe.skipIf(browser === undefined)('the accessibility tree', () => {
  let lab: ConsoleLab
  let team: AtWork
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    team = await atWork(lab)
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  const tree = async ({ page }: ConsolePage) => {
    const { nodes } = await page.cdp<{ nodes: Node[] }>('Accessibility.getFullAXTree')
    return nodes.filter(({ ignored }) => !ignored)
  }
  const named = (nodes: readonly Node[], role: string) =>
    nodes.filter((node) => node.role?.value === role).map(({ name }) => name?.value ?? '')
  const isLive = ({ properties = [] }: Node) =>
    properties.some(({ name, value }) => name === 'live' && value.value !== 'off')

  test('rows are named by who, when and what; controls have names; the page has one heading of its own', async () => {
    await using page = await lab.sit(team.ada, '/channels/release-42')
    await page.find('group', 'May I deploy ws-ping to staging?')
    await page.find('textbox', 'Message #release-42')
    const nodes = await tree(page)
    const rows = named(nodes, 'listitem')
    const at = String.raw`\d{1,2}:\d{2}`
    expect(rows).toContainEqual(
      expect.stringMatching(new RegExp(`^Bo, ${at}: Nice\\. @ada shall we ship today`)),
    )
    expect(rows).toContainEqual(
      expect.stringMatching(new RegExp(`^builder, agent, ${at}: asks: May I deploy`)),
    )
    for (const role of ['button', 'link', 'textbox', 'combobox', 'img'])
      expect(
        named(nodes, role).filter((name) => name.trim() === ''),
        role,
      ).toEqual([])
    expect(await page.value("document.querySelectorAll('h1').length")).toBe(1)
    expect(named(nodes, 'region')).toContain('release-42')
    for (const landmark of ['main', 'navigation']) expect(named(nodes, landmark).length).toBeGreaterThan(0)
  })

  test('a message is said in one polite line, without its time; the timeline itself is not live', async () => {
    await using page = await lab.sit(team.bo, '/channels/general')
    await page.find('listitem', /pings are off by default/)
    await page.page.cdp('Page.bringToFront')
    await page.click('textbox', 'Message #general')
    await page.value(`(() => {
      globalThis.said = []
      const line = document.querySelector('.conversation [role=status]')
      new MutationObserver(() => line.textContent && said.push(line.textContent)).observe(line, { childList: true, characterData: true, subtree: true })
    })()`)
    await team.scout.posts('general', 'A word for your ears')
    await page.waitFor('said.length > 0')
    const said = await page.value<string[]>('said')
    expect(said).toHaveLength(1)
    expect(said[0]).toContain('A word for your ears')
    expect(said[0]).not.toMatch(/\d{1,2}:\d{2}/)
    const live = (await tree(page)).filter(isLive).map(({ role }) => role?.value)
    expect(new Set(live)).toEqual(new Set(['status']))
    expect(await page.value("document.querySelectorAll('[aria-live] time, [role=status] time').length")).toBe(
      0,
    )
  })

  test('without motion nothing is animated', async () => {
    await using page = await lab.sit(team.ada, '/channels/release-42')
    await page.find('textbox', 'Message #release-42')
    await page.press('k', 'Control')
    await page.find('option', /^builder/)
    expect(
      await page.value("document.getAnimations().filter((one) => one.playState === 'running').length"),
    ).toBe(0)
  })

  test('in the colours of the system everything stays readable and the focus is seen', async () => {
    await using page = await lab.sit(team.ada, '/channels/release-42')
    await page.page.cdp('Emulation.setEmulatedMedia', {
      features: [{ name: 'forced-colors', value: 'active' }],
    })
    await page.find('textbox', 'Message #release-42')
    expect(await page.value("matchMedia('(forced-colors: active)').matches")).toBe(true)
    await page.press('Tab')
    const outline = 'getComputedStyle(document.activeElement)'
    expect(
      await page.value(`${outline}.outlineStyle !== 'none' && parseFloat(${outline}.outlineWidth) > 0`),
    ).toBe(true)
    await page.isClean()
  })

  test('at 200 % nothing scrolls sideways and the message field is there', async () => {
    // As wide as a window of 1440 px is at 200 %.
    await using page = await lab.sit(team.ada, '/channels/release-42', {
      ...desktop,
      width: 720,
      height: 450,
    })
    for (const path of ['/channels/release-42', '/inbox', '/activity', '/search?q=pings']) {
      await page.goes(path)
      await page.find('heading', path.startsWith('/channels') ? /release-42/ : /Inbox|Activity|Search/)
      expect(await page.value('document.documentElement.scrollWidth - innerWidth'), path).toBe(0)
    }
    await page.goes('/channels/release-42')
    const field = await page.find('textbox', 'Message #release-42')
    expect(
      await field.call('function () { return this.getBoundingClientRect().bottom <= innerHeight }'),
    ).toBe(true)
    await page.isClean()
  })
})
