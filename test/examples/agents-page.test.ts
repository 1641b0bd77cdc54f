import { expect, setDefaultTimeout, test } from 'bun:test'
import { comparable, played, shown } from './shared-task'

setDefaultTimeout(120_000)

test('a shared task goes as the page shows it, word for word but for ids and times', async () => {
  expect(comparable(await played())).toBe(comparable(shown()))
})
