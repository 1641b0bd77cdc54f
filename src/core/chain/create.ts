import { Blocks } from './blocks'
import { Chains, type ChainsDeps } from './chains'
import { RunGuard } from './run-guard'

type Parts = Omit<ChainsDeps, 'runGuard' | 'blocks'> &
  Omit<ConstructorParameters<typeof Blocks>[0], 'runGuard'> &
  ConstructorParameters<typeof RunGuard>[0]

/** Creates what limits agents that go on without a person. */
export function createChain(parts: Parts) {
  const runGuard = new RunGuard(parts)
  const blocks = new Blocks({ ...parts, runGuard })
  return { runGuard, blocks, chains: new Chains({ ...parts, runGuard, blocks }) }
}
