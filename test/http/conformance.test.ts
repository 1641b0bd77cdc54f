// The rules of `synapse conformance`, one test each, on the engine of the worlds of this run.
import { afterAll, beforeAll, describe, test } from 'bun:test'
import { Lab } from '../../src/cli/conformance/lab'
import { ROWS } from '../../src/cli/conformance/rows'
import { systemClock } from '../../src/platform'
import { type World, world } from '../support/world'

let w: World<typeof systemClock>
let lab: Lab
beforeAll(async () => {
  // Long polls wait by the clock of the server.
  w = await world({ clock: systemClock, settings: { SYNAPSE_CHAIN_LIMIT: '1' } })
  const chief = await w.agent('chief', { scopes: ['admin:*'] })
  lab = await Lab.open(w.url, chief.secret)
})
afterAll(() => w[Symbol.asyncDispose]())

for (const page of new Set(ROWS.map((row) => row.page)))
  describe(`docs/contract/${page}.md`, () => {
    for (const { rule, check } of ROWS.filter((row) => row.page === page)) test(rule, () => check(lab))
  })
