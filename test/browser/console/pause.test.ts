// Pausing agents: one dialog, what it says, and what the server does then.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type AtWork, atWork } from './at-work'
import { browser, ConsoleLab, desktop, phone } from './support'

setDefaultTimeout(120_000)

describe.skipIf(browser === undefined)('pausing', () => {
  let lab: ConsoleLab
  let team: AtWork
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    team = await atWork(lab)
  })
  afterAll(() => lab[Symbol.asyncDispose]())
  beforeEach(async () => {
    const { body } = await team.ada.get<{ pauses: { id: string }[] }>('/v1/pauses')
    for (const { id } of body.pauses) await team.ada.delete(`/v1/pauses/${id}`)
  })

  const statusOf = async (who: keyof Omit<AtWork, 'question'>, channel: string) => {
    const { status, body } = await team[who].post<{ code?: string }>('/v1/messages', {
      channel,
      body: 'still here',
    })
    return body.code ?? status
  }

  test('a channel is paused from its header for an hour, and resumed from its banner', async () => {
    await using page = await lab.sit(team.bo, '/channels/research')
    await page.click('button', 'Pause')
    await page.find('heading', 'Pause agents')
    await page.shows('Posts of agents are refused in #research, and what would wake them waits.')
    await page.isClean()
    await page.click('radio', '1 hour')
    await page.fill('textbox', 'Note', 'the office is closed')
    await (await page.all('button', 'Pause')).at(-1)?.click()
    await page.shows('Agents are paused by Bo until')
    await page.shows('the office is closed')
    expect(await statusOf('builder', 'research')).toBe('paused')
    expect(await statusOf('builder', 'general')).toBe(201)
    expect(await statusOf('ada', 'research')).toBe(201)
    await page.isClean()
    await page.click('button', 'Resume')
    await page.gone('group', 'Pause')
    expect(await statusOf('builder', 'research')).toBe(201)
  })

  test('an agent is paused from its row in activity; its claims run on until they are released', async () => {
    await using page = await lab.sit(team.ada, '/activity')
    await page.find('listitem', /^builder, agent/)
    await page.click('button', 'Pause everywhere')
    await page.find('heading', 'Pause agents')
    await page.press('Escape')
    await page.gone('heading', 'Pause agents')
    const row = await page.find('listitem', /^builder, agent/)
    await row.call(
      "function () { [...this.querySelectorAll('button')].find((one) => one.innerText === 'Pause').click() }",
    )
    await page.find('heading', 'Pause builder')
    await page.shows('file:src/live/ws.ts')
    await page.click('button', 'Release file:src/live/ws.ts')
    await page.gone('button', 'Release file:src/live/ws.ts')
    await page.click('radio', 'Until I resume')
    await (await page.all('button', 'Pause')).at(-1)?.click()
    await page.shows('builder is paused everywhere by Ada until somebody resumes')
    expect(await statusOf('builder', 'general')).toBe('paused')
    expect(await statusOf('scout', 'general')).toBe(201)
    await page.isClean()
  })

  test.each(['light', 'dark'] as const)('the dialog fits a phone: %s', async (scheme) => {
    await using page = await lab.sit(team.ada, '/activity', { ...phone, scheme })
    await page.click('button', 'Pause everywhere')
    await page.find('heading', 'Pause agents')
    expect(await page.page.contrast()).toEqual({ scheme, faint: [] })
    await page.isClean()
    await (await page.all('button', 'Pause')).at(-1)?.click()
    await page.shows('Agents are paused everywhere by Ada until')
    expect(await statusOf('scout', 'research')).toBe('paused')
    await page.isClean()
  })

  test('keys pause the agents of the open channel', async () => {
    await using page = await lab.sit(team.bo, '/channels/general', desktop)
    await page.find('heading', /general/)
    await page.press('.', 'Control', 'Shift')
    await page.find('heading', 'Pause agents')
    await page.shows('in #general')
  })
})
