// A page that stays open: what was shown and is gone is let go of (console.md 8.3).
import { expect, setDefaultTimeout, test } from 'bun:test'
import { browser, ConsoleLab, type ConsolePage } from './support'

setDefaultTimeout(120_000)

const ROWS = 300

/** How many nodes the page holds, those outside of the document included. */
async function nodesOf({ page }: ConsolePage): Promise<number> {
  for (let time = 0; time < 3; time++) await page.cdp('HeapProfiler.collectGarbage')
  const { metrics } = await page.cdp<{ metrics: { name: string; value: number }[] }>('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'Nodes')?.value ?? Number.NaN
}

test.skipIf(browser === undefined)(
  'a channel with 300 rows has at most 6,000 nodes, and 600 messages later as many',
  async () => {
    await using lab = await ConsoleLab.open({ SYNAPSE_CHAIN_LIMIT: '0', SYNAPSE_RATE_POST: 'off' })
    await lab.world.channel('general')
    const channels = { general: 'member' } as const
    const ada = await lab.world.human('ada', { channels })
    const others = [
      await lab.world.agent('builder', { channels }),
      await lab.world.agent('scout', { channels }),
      await lab.world.human('bo', { channels, displayName: 'Bo' }),
    ]
    let count = 0
    const talk = async (times: number) => {
      for (const until = count + times; count < until; count++)
        await others[count % others.length]?.posts('general', `message ${count}, with \`code\``)
    }
    await talk(ROWS / 5)
    await using page = await lab.sit(ada, '/channels/general')
    await page.find('textbox', 'Message #general')
    await page.page.cdp('Performance.enable')
    await page.value("document.querySelector('.sliding-view').scrollTop = 1e9")
    await talk(ROWS)
    await page.shows(`message ${count - 1}, `)
    await page.waitFor(`document.querySelectorAll('.row').length === ${ROWS}`)
    const first = await nodesOf(page)
    expect(first).toBeLessThanOrEqual(6000)
    for (let time = 0; time < 4; time++) {
      await talk(ROWS / 2)
      await page.shows(`message ${count - 1}, `)
    }
    expect(await page.value<number>("document.querySelectorAll('.row').length")).toBe(ROWS)
    // Each of them would add some twenty.
    expect(await nodesOf(page)).toBeLessThan(first + 600)
  },
)
