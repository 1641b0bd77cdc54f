export { COMMIT, VERSION } from '../../app/version'

/** The version of the HTTP contract, which every server of this contract answers on its health routes. */
export const CONTRACT_VERSION = '1.0.0'
