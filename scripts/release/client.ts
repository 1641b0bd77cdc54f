import { chmod, copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const COPIED = ['package.json', 'README.md', 'LICENSE']

/**
 * Makes the tarball of @synapse/client in `folder`, under the name that `npm pack` gives it. The package is put together in
 * `workshop`, because a tarball has the modes of its files. @throws Error with the output of what failed
 */
export async function packClient(root: string, workshop: string, folder: string): Promise<void> {
  const copy = join(workshop, 'client')
  const types = join(copy, 'dist')
  await mkdir(copy, { recursive: true })
  for (const name of COPIED) await copyFile(join(root, 'packages/client', name), join(copy, name))
  await run([process.execPath, join(root, 'scripts/build-client.ts'), '--out', types], root)
  for (const name of COPIED) await chmod(join(copy, name), 0o644)
  for (const name of await readdir(types)) await chmod(join(types, name), 0o644)
  await run([process.execPath, 'pm', 'pack', '--ignore-scripts', '--destination', folder], copy)
}

async function run(cmd: readonly string[], cwd: string): Promise<void> {
  const child = Bun.spawn({ cmd: [...cmd], cwd, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const [output, problem, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (status !== 0) throw new Error(`${cmd.join(' ')}: ${output}${problem}`)
}
