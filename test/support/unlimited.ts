/** No limits of what agents post, for tests of other things. */
export const unlimited: Readonly<Record<string, string>> = {
  SYNAPSE_CHAIN_LIMIT: '0',
  SYNAPSE_RATE_LOGIN: 'off',
  SYNAPSE_RATE_POST: 'off',
  SYNAPSE_RATE_READ: 'off',
  SYNAPSE_RATE_WRITE: 'off',
  SYNAPSE_RATE_SEARCH: 'off',
}
