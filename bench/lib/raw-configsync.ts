/**
 * The baseline of pushes and pulls of ConfigSync: plain Bun.serve that parses the whole body, decodes its base64, writes
 * it to a temporary file with its SHA-256, to disk, and under its final name, and a line to disk in place of a row, with the
 * same syncs as the server; and answers it as JSON. Run as a process of its own: `bun raw-configsync.ts FOLDER`.
 */
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'

const [, , folder = '.'] = process.argv
let count = 0
const rows = await open(join(folder, 'rows'), 'a', 0o600)

async function push(request: Request): Promise<Response> {
  const { encrypted_state } = (await request.json()) as { readonly encrypted_state: string }
  const bytes = Buffer.from(encrypted_state, 'base64')
  const name = join(folder, `state-${++count}`)
  const file = await open(`${name}.tmp`, 'wx', 0o600)
  const sha256 = Bun.SHA256.hash(bytes, 'hex')
  await file.write(bytes)
  await file.datasync()
  await file.close()
  await rename(`${name}.tmp`, name)
  const parent = await open(folder, 'r')
  await parent.sync()
  await parent.close()
  await rows.write(`${count} ${sha256}\n`)
  await rows.datasync()
  return Response.json({ snapshot_id: count, sha256 })
}

async function pull(request: Request): Promise<Response> {
  const id = new URL(request.url).pathname.split('/').at(-1)
  const bytes = Buffer.from(await Bun.file(join(folder, `state-${id}`)).arrayBuffer())
  return Response.json({ id, encrypted_state: bytes.toString('base64') })
}

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  maxRequestBodySize: 1 << 30,
  fetch: (request) => (request.method === 'GET' ? pull(request) : push(request)),
})
console.log(server.port)
