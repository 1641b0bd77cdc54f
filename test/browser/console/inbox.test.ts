// What waits for a person: the inbox and the questions.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type AtWork, atWork } from './at-work'
import { browser, ConsoleLab, desktop, phone } from './support'

setDefaultTimeout(120_000)

describe.skipIf(browser === undefined)('the inbox', () => {
  let lab: ConsoleLab
  let team: AtWork
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    team = await atWork(lab)
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  const open = async () => {
    const { body } = await team.ada.get<{ items: { message: { body: string } }[] }>(
      '/v1/inbox?unacked=true&peek=true&order=desc',
    )
    return body.items.map(({ message }) => message.body)
  }

  test.each(['light', 'dark'] as const)(
    'shows what needs the person, and fits a phone: %s',
    async (scheme) => {
      for (const window of [phone, desktop]) {
        await using page = await lab.sit(team.bo, '/inbox', { ...window, scheme })
        await page.find('listitem', /^approval, builder, agent/)
        expect(await page.page.contrast()).toEqual({ scheme, faint: [] })
        await page.isClean()
      }
    },
  )

  test('arrows move, D is done with a row, and the next one has the focus', async () => {
    await team.scout.posts('research', '@ada first thing')
    await team.scout.posts('research', '@ada second thing')
    await using page = await lab.sit(team.ada, '/inbox')
    const row = await page.find('listitem', /^mention, scout, agent/)
    await row.focus()
    await page.press('ArrowDown')
    expect(await page.value('document.activeElement.innerText')).toContain('first thing')
    await page.press('d')
    await page.waitFor("!document.body.innerText.includes('first thing')")
    expect(await page.value('document.activeElement.dataset.row')).toBeTruthy()
    expect(await page.value('document.body.innerText')).toContain('second thing')
    await page.isClean()
  })

  test('Enter opens the message in its conversation', async () => {
    const message = await team.scout.posts('research', '@ada look here')
    await using page = await lab.sit(team.ada, '/inbox')
    await (await page.find('listitem', /^mention, scout, agent/)).focus()
    await page.press('Enter')
    await page.waitFor(`location.pathname === '/channels/research'`)
    expect(await page.path()).toContain(message.id)
  })

  test('opening it marks what it shows as seen, and nothing as done', async () => {
    const message = await team.scout.posts('general', '@ada have you seen this?')
    await using page = await lab.sit(team.ada, '/inbox')
    await page.shows('have you seen this?')
    const state = async () => {
      const { body } = await team.scout.get<{ deliveries: { state: string }[] }>(
        `/v1/messages/${message.id}/deliveries`,
      )
      return body.deliveries[0]?.state
    }
    for (const until = Date.now() + 15_000; (await state()) !== 'seen'; ) {
      if (Date.now() > until) throw new Error(`it is ${await state()}`)
      await page.value('new Promise(requestAnimationFrame)')
    }
  })

  test('all that waits is done after one question', async () => {
    await team.scout.posts('general', '@ada one more')
    await using page = await lab.sit(team.ada, '/inbox')
    await page.shows('one more')
    await page.click('button', 'All done…')
    await page.find('heading', /^Acknowledge \d+ items\?$/)
    await page.isClean()
    await page.click('button', 'Acknowledge')
    await page.shows('Nothing waits for you.')
    expect(await open()).toEqual([])
  })

  test('a question is decided where it stands, and the list says that nobody waits', async () => {
    await using page = await lab.sit(team.bo, '/approvals')
    await page.find('group', 'May I deploy ws-ping to staging?')
    // A card that has just appeared takes no press.
    for (let isDecided = false; !isDecided; ) {
      await (await page.all('button', 'Deploy'))[0]?.click()
      isDecided = await page.value("document.body.innerText.includes('Nobody waits for your decision.')")
    }
    await page.click('link', 'All')
    await page.shows('Deploy, by you')
    await page.isClean()
  })
})
