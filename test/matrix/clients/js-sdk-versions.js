// matrix-js-sdk asks which versions of the specification the server has.
import { createClient } from 'matrix-js-sdk'
import { logger } from 'matrix-js-sdk/lib/logger.js'

logger.setLevel('silent')
const { baseUrl } = JSON.parse(process.argv[2])
const client = createClient({ baseUrl })
console.log(
  JSON.stringify({ ...(await client.getVersions()), is_v1_4: await client.isVersionSupported('v1.4') }),
)
