/** Version of the contract this server speaks, which is not that of the build. */
export const CONTRACT_VERSION = '1.0.0'
