import { type ReadBody, readJson } from '../body'
import { pathOf } from '../unknown-route'
import { unsupported } from './errors'

/**
 * Reads the message to send. The router takes what follows the colon of `message:send` for a parameter, so `message:stream`
 * comes here, too. @throws unsupported_operation
 */
export const readSentBody: ReadBody = async (request, settings) => {
  const [path] = pathOf(request)
  if (!/\/message(?::|%3a)send$/i.test(path)) throw unsupported()
  return readJson(request, settings)
}
