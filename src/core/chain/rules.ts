import type { Settings } from '../governance/settings'
import type { Account, ChannelSettings } from '../kernel/entities'
import type { ChainRules } from './chain'

/** Returns the rules for an account in a channel. The account goes before the channel, the channel before the server. */
export function chainRules(
  { chainLimit }: Pick<Account, 'chainLimit'>,
  channel: ChannelSettings,
  settings: Settings,
): ChainRules {
  return {
    limit: chainLimit ?? channel.chainLimit ?? settings.get('chain.limit'),
    autoContinueS: channel.autoContinueS ?? settings.get('guard.auto_continue_s'),
  }
}
