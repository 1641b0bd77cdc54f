import { expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../home/temporary'
import { finished } from '../support/finished'
import { hasNamespaces, inNamespaces } from '../support/namespace'
import type { Answered } from './fixtures/peers'

setDefaultTimeout(120_000)

if (!hasNamespaces) console.log('skipped: peers that are not private need a network of their own')

/** A connection to 10.77.0.1 comes from an address that is not private. */
const NETWORK = [
  'ip link set lo up',
  'for address in 10.77.0.1 10.77.0.2 203.0.113.9; do ip address add $address/32 dev lo; done',
  'ip route replace local 10.77.0.1 dev lo proto kernel scope host src 203.0.113.9 table local',
]

test.skipIf(!hasNamespaces)(
  'a server on a private address refuses a public peer with 403 before routing, whatever the proxy headers are',
  async () => {
    using directory = temporaryDirectory()
    const program = [process.execPath, '--no-env-file', join(import.meta.dir, 'fixtures/peers.ts')]
    const child = Bun.spawn(inNamespaces(NETWORK, [...program, directory.path]), {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const { code, stdout, stderr } = await finished(child)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [remote, near] = JSON.parse(stdout) as Answered[][]
    const friend = 'https://friend.example'
    const refused = { status: 403, code: 'remote_not_allowed', allowed: null }
    // A page of a listed origin may read the refusal, because only the address is refused.
    expect(remote).toEqual([refused, refused, refused, refused, { ...refused, allowed: friend }, refused])
    const well = { status: 200, code: null, allowed: null }
    expect(near).toEqual([
      well,
      { status: 404, code: 'not_found', allowed: null },
      well,
      well,
      { ...well, allowed: friend },
      well,
    ])
  },
)
