/** Version of the contract that this server speaks. It is independent of the build's version. */
export const CONTRACT_VERSION = '1.0.0'
