// The page of a channel: questions, limits, pauses, places, details.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Message, Person } from '../../support/world'
import { browser, ConsoleLab, type ConsolePage, desktop, phone } from './support'

setDefaultTimeout(120_000)

interface Approval {
  readonly approval: { readonly id: string; readonly message_id: string }
}

describe.skipIf(browser === undefined)('a channel', () => {
  let lab: ConsoleLab
  let ada: Person
  let bo: Person
  let builder: Person
  beforeAll(async () => {
    lab = await ConsoleLab.open({ SYNAPSE_CHAIN_LIMIT: '1' })
    for (const slug of ['general', 'quiet', 'long']) await lab.world.channel(slug)
    const channels = { general: 'member', quiet: 'member', long: 'member' } as const
    ada = await lab.world.human('ada', { channels: { ...channels, general: 'admin' }, displayName: 'Ada' })
    bo = await lab.world.human('bo', { channels, displayName: 'Bo' })
    builder = await lab.world.agent('builder', { channels })
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  const ask = async (question: string, channel = 'general') => {
    const options = ['Deploy', 'Not now']
    const { body } = await builder.post<Approval>('/v1/approvals', { channel, question, options })
    return body.approval
  }
  /** Waits until a card has stood still for long enough to take a press. */
  const still = (page: ConsolePage) =>
    page.value(`new Promise((resolve) => {
      let [last, since] = ['', performance.now()]
      const look = (now) => {
        const { top, left } = document.querySelector('.approval.pending').getBoundingClientRect()
        if (top + ' ' + left !== last) [last, since] = [top + ' ' + left, now]
        if (now - since > 700) resolve()
        else requestAnimationFrame(look)
      }
      requestAnimationFrame(look)
    })`)
  const state = async (id: string) => (await ada.get<{ state: string }>(`/v1/approvals/${id}`)).body.state

  test('a question is a group named by itself; one press decides, and all see by whom', async () => {
    const { id } = await ask('Deploy ws-ping to staging?')
    await using page = await lab.sit(ada, '/channels/general')
    await using other = await lab.sit(bo, '/channels/general')
    await page.find('group', 'Deploy ws-ping to staging?')
    expect(await page.value("document.activeElement.closest('.approval')")).toBeNull()
    await still(page)
    await page.click('button', 'Deploy')
    await page.shows('by you')
    await other.shows('by Ada')
    expect(await state(id)).toBe('decided')
    await page.isClean()
  })

  test('a decision can have a note', async () => {
    const { id } = await ask('Restart the proxy?')
    await using page = await lab.sit(ada, '/channels/general')
    await page.click('button', 'Add a note')
    await page.fill('textbox', 'Note', 'after lunch')
    await still(page)
    await page.click('button', 'Not now')
    await page.shows('after lunch')
    expect((await ada.get(`/v1/approvals/${id}`)).body).toMatchObject({
      state: 'decided',
      decision: { option: 'Not now', by: 'ada', note: 'after lunch' },
    })
  })

  test('a card that appears under hammered keys stays pending, and so does one that has just moved', async () => {
    await using page = await lab.sit(ada, '/channels/general')
    await (await page.find('textbox', 'Message #general')).focus()
    const asked = ask('Drop the table?')
    for (let at = 0; at < 40; at++) await page.press(at % 2 ? 'Enter' : ' ')
    const { id } = await asked
    const card = await page.find('group', 'Drop the table?')
    expect(await state(id)).toBe('pending')
    // A press right after it has moved does nothing, and says so.
    await still(page)
    await page.value(`(() => {
      const view = document.querySelector('.sliding-view')
      view.style.paddingTop = '37px'
      view.scrollTop = 1e6
      view.style.paddingBottom = '91px'
      ;[...document.querySelectorAll('.approval.pending button')].find((one) => one.textContent === 'Deploy').click()
    })()`)
    await page.shows('had just appeared or moved')
    expect(await state(id)).toBe('pending')
    expect(await card.text()).toContain('Deploy')
    await builder.post(`/v1/approvals/${id}/cancel`)
    await page.shows('Cancelled')
  })

  test('of two who decide at once the first wins, and both see that', async () => {
    const { id } = await ask('Tag the release?')
    await using page = await lab.sit(ada, '/channels/general')
    await using other = await lab.sit(bo, '/channels/general')
    for (const one of [page, other]) {
      await one.find('group', 'Tag the release?')
      await still(one)
    }
    await Promise.all([page.click('button', 'Deploy'), other.click('button', 'Not now')])
    await page.waitFor("!document.querySelector('.approval.pending')")
    const { decision } = (await ada.get<{ decision: { by: string; label: string } }>(`/v1/approvals/${id}`))
      .body
    const shown = (who: string) =>
      `${decision.label}, by ${decision.by === who ? 'you' : decision.by === 'ada' ? 'Ada' : 'Bo'}`
    await page.shows(shown('ada'))
    await other.shows(shown('bo'))
  })

  test('a limit that is hit has a banner, and Continue lets the agent go on', async () => {
    const root = await bo.posts('general', '@builder what is new?')
    await builder.posts('general', 'nothing', { thread_id: root.id })
    await using page = await lab.sit(ada, '/channels/general')
    const refused = await builder.post('/v1/messages', {
      channel: 'general',
      body: 'or is it',
      thread_id: root.id,
    })
    expect(refused.status).toBe(429)
    await page.find('group', 'Stopped agents')
    await page.shows('builder used its 1 reply since a person wrote')
    await page.click('button', 'Continue')
    await page.gone('group', 'Stopped agents')
    await builder.posts('general', 'it is', { thread_id: root.id })
    await page.isClean()
  })

  test('agents are paused, which the banner says to all, and resumed', async () => {
    await using page = await lab.sit(ada, '/channels/quiet')
    await using other = await lab.sit(bo, '/channels/quiet')
    await page.click('button', 'Pause')
    await page.find('dialog', 'Pause agents')
    await page.value("document.querySelector('dialog .button.primary').click()")
    await other.shows('paused by Ada')
    expect((await builder.post('/v1/messages', { channel: 'quiet', body: 'x' })).status).toBe(429)
    await other.click('button', 'Resume')
    await page.gone('button', 'Resume')
    await builder.posts('quiet', 'I am back')
    await page.find('listitem', /I am back/)
  })

  describe('with a long history', () => {
    const posted: Message[] = []
    beforeAll(async () => {
      for (let at = 0; at < 250; at++)
        posted.push(await bo.posts('long', `entry ${at} ${'word '.repeat(at % 40)}`))
      await ada.put('/v1/channels/long/read', { cursor: 'now' })
    })
    const top = (page: ConsolePage, id: string) =>
      page.value<number>(
        `Math.round(document.querySelector('[data-message="${id}"]').getBoundingClientRect().top)`,
      )

    test('a permalink lands on its message, marks it, and focuses it', async () => {
      const message = posted[40]
      await using page = await lab.sit(ada, `/m/${message?.id}`)
      await page.waitFor(`document.activeElement.dataset.message === '${message?.id}'`)
      expect(await page.path()).toBe(`/channels/long?m=${message?.id}`)
      await page.waitFor("document.querySelector('.row.marked')")
      await page.waitFor("!document.querySelector('.row.marked')")
      const place = await top(page, message?.id ?? '')
      expect(place).toBeGreaterThan(50)
      expect(place).toBeLessThan(desktop.height - 100)
      // What comes meanwhile does not move it.
      await bo.posts('long', 'news')
      await page.find('button', /new/)
      expect(await top(page, message?.id ?? '')).toBe(place)
      await page.isClean()
    })

    test('one is where one was after going back', async () => {
      await ada.put('/v1/channels/long/read', { cursor: 'now' })
      await using page = await lab.sit(ada, `/channels/long?m=${posted[100]?.id}`)
      await page.waitFor(`document.activeElement.dataset.message === '${posted[100]?.id}'`)
      await page.value("document.querySelector('.sliding-view').scrollTop += 37")
      await page.waitFor("!document.querySelector('.row.marked')")
      const before = await top(page, posted[100]?.id ?? '')
      await page.click('link', /^general/)
      await page.find('region', 'general')
      await page.value('history.back()')
      await page.find('region', 'long')
      await page.waitFor(`document.querySelector('[data-message="${posted[100]?.id}"]')`)
      expect(await top(page, posted[100]?.id ?? '')).toBe(before)
      // And after coming back by the list of conversations.
      await page.click('link', /^general/)
      await page.find('region', 'general')
      await page.click('link', /^long/)
      await page.find('region', 'long')
      await page.waitFor(`document.querySelector('[data-message="${posted[100]?.id}"]')`)
      expect(await top(page, posted[100]?.id ?? '')).toBe(before)
    })

    // At each hour, one of these zones has another day than UTC.
    test.each(['Pacific/Kiritimati', 'Pacific/Pago_Pago'])(
      'the last day to jump to is today in %s',
      async (timezoneId) => {
        await using page = await lab.sit(ada, '/channels/long')
        await page.page.cdp('Emulation.setTimezoneOverride', { timezoneId })
        await page.click('button', 'Jump to a date')
        await page.find('dialog', 'Jump to a date')
        const last = await page.value<string>("document.querySelector('#jump-day').max")
        expect(last).toBe(new Intl.DateTimeFormat('sv', { timeZone: timezoneId }).format(new Date()))
      },
    )

    test('a date is jumped to', async () => {
      await using page = await lab.sit(ada, '/channels/long')
      await page.click('button', 'Jump to a date')
      await page.find('dialog', 'Jump to a date')
      await page.value(`(() => {
        const field = document.querySelector('#jump-day')
        field.value = field.max
        field.dispatchEvent(new Event('input', { bubbles: true }))
      })()`)
      await page.click('button', 'Jump')
      await page.find('listitem', /entry 0$/)
      await page.gone('dialog', 'Jump to a date')
    })
  })

  test('the details show members and their access, and what the channel tells me', async () => {
    await using page = await lab.sit(ada, '/channels/general')
    await page.click('button', 'Details')
    await page.find('complementary', '#general')
    await page.find('heading', 'Members (3)')
    await page.click('button', 'Access of Bo')
    await page.click('menuitemcheckbox', 'reads only')
    await page.waitFor(
      "fetch('/v1/channels/general/members').then((answer) => answer.json()).then(({ members }) => members.find(({ handle }) => handle === 'bo').role === 'read_only')",
    )
    await lab.world.agent('critic')
    await page.fill('textbox', 'Add a member', '@critic')
    await page.press('Enter')
    await page.find('heading', 'Members (4)')
    await page.click('button', 'Access of critic')
    await page.click('menuitem', 'Remove from #general')
    await page.find('heading', 'Members (3)')
    await page.click('radio', 'Mentions, replies and questions')
    await page.waitFor(
      "fetch('/v1/channels').then((answer) => answer.json()).then(({ channels }) => channels.find(({ slug }) => slug === 'general').notify === 'mentions')",
    )
    await page.fill('textbox', 'Name', 'reviewers')
    await page.fill('textbox', 'Members', '@bo builder')
    await page.click('button', 'Add group')
    await page.shows('@bo, @builder')
    expect((await bo.get('/v1/channels/general/aliases')).body).toEqual({
      aliases: { reviewers: ['bo', 'builder'] },
    })
    await page.fill('spinbutton', 'Replies of an agent in a thread', '3')
    await page.click('button', 'Save')
    await page.shows('Settings saved')
    expect((await bo.get('/v1/channels/general')).body).toMatchObject({ settings: { chain_limit: 3 } })
    await page.isClean()
    await page.press('Escape')
    await page.gone('complementary', '#general')
  })

  test.each(['light', 'dark'] as const)(
    'has no small targets on a phone, and is readable: %s',
    async (scheme) => {
      await ask('Is this large enough?', 'quiet')
      await using page = await lab.sit(ada, '/channels/quiet', { ...phone, scheme })
      await page.find('group', 'Is this large enough?')
      expect(await page.small(44)).toEqual([])
      await page.isClean()
      expect((await page.page.contrast()).faint).toEqual([])
      const [{ id }] = (await ada.get<{ approvals: { id: string }[] }>('/v1/approvals?state=pending')).body
        .approvals as [{ id: string }]
      await builder.post(`/v1/approvals/${id}/cancel`)
    },
  )

  test('a channel that does not exist is said so', async () => {
    await using page = await lab.sit(ada, '/channels/nowhere')
    await page.shows('There is no channel #nowhere')
  })
})
