/**
 * The baseline of uploads and downloads: plain Bun.serve that writes the body to a temporary file with its SHA-256, to
 * disk, and under its final name, with the same syncs as the blob store; and answers files. Run as a process of its own:
 * `bun raw-files.ts FOLDER`.
 */
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'

const [, , folder = '.'] = process.argv
let count = 0

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  maxRequestBodySize: 1 << 30,
  fetch: async (request) => {
    if (request.method === 'GET') return new Response(Bun.file(join(folder, new URL(request.url).pathname)))
    const name = `file-${count++}`
    const temporary = join(folder, `${name}.tmp`)
    const file = await open(temporary, 'wx', 0o600)
    const hash = new Bun.CryptoHasher('sha256')
    for await (const chunk of request.body ?? []) {
      hash.update(chunk)
      await file.write(chunk)
    }
    await file.datasync()
    await file.close()
    await rename(temporary, join(folder, name))
    const parent = await open(folder, 'r')
    await parent.sync()
    await parent.close()
    return Response.json({ url: `/${name}`, sha256: hash.digest('hex') }, { status: 201 })
  },
})
console.log(server.port)
