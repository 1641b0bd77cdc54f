// matrix-bot-sdk asks which versions of the specification the server has.
import { MatrixClient } from 'matrix-bot-sdk'

const { baseUrl } = JSON.parse(process.argv[2])
const client = new MatrixClient(baseUrl, '')
console.log(JSON.stringify(await client.getServerVersions()))
