import type { Store } from '../kernel/ports'
import { ChannelListings } from './listings'
import { ReadPositions } from './read-positions'

type Parts = ConstructorParameters<typeof ChannelListings>[0] &
  Omit<ConstructorParameters<typeof ReadPositions>[0], 'reads'> & { readonly store: Store }

/** Creates what an account sees of its channels for itself: the list, and how far it has read. */
export function createOwnChannels(parts: Parts) {
  return {
    channelListings: new ChannelListings(parts),
    readPositions: new ReadPositions({ ...parts, reads: parts.store.reads }),
  }
}
