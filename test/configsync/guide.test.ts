/**
 * Runs the commands of docs/configsync.md as they are written, in order, on three machines. `<url>` is the address of the
 * server, and `<token of …>` the token that was issued for a machine.
 */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { blocksIn, linesOf, pageOf } from '../install/blocks'
import { Site } from '../support/site'
import { Machines } from './machine'

setDefaultTimeout(120_000)

const site = new Site()
afterAll(() => site[Symbol.asyncDispose]())

test('the guide brings a project from one machine to another', async () => {
  await using machines = await Machines.open()
  const server = await site.serve()
  const places = { laptop: machines.machine('laptop'), desktop: machines.machine('desktop') }
  const bytes = randomBytes(1000)
  places.laptop.write('git/my-app/data.bin', bytes)
  const tokens = new Map<string, string>()

  const onServer = async (words: string[]) => {
    const { code, stdout, stderr } = await site.run(...words.slice(1))
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${stderr}`)
    const token = /\bcs_[A-Za-z0-9_-]{43}\b/.exec(stdout)?.[0]
    if (token !== undefined) tokens.set(words[words.indexOf('--label') + 1] ?? '', token)
  }

  let place = ''
  for (const line of blocksIn(pageOf('docs/configsync.md')).flatMap(linesOf)) {
    const next = /^# On the (\w+):/.exec(line)?.[1]
    if (next !== undefined) place = next
    else if (place === 'server') await onServer(line.split(' '))
    else {
      const at = place === 'laptop' ? places.laptop : places.desktop
      const typed = line
        .replace('<url>', server.url)
        .replace(/<token of (\w+)>/, (_, label: string) => tokens.get(label) ?? 'none')
        .replace('~', at.home)
      await at.does(...typed.split(' ').slice(1))
    }
  }
  expect([...tokens.keys()]).toEqual(['laptop', 'desktop'])
  expect(places.desktop.read('git/my-app/data.bin').equals(bytes)).toBe(true)
  expect(await places.desktop.does('sync')).toBe('[noop] project/my-app\n')
})
