import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { examinedBy } from '../doctor/examined'
import { compileLibrary, type Library, preloadMissing } from '../support/preload'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

/** Makes every folder look like one on NFS. */
const ON_NFS = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/vfs.h>

int statfs(const char *path, struct statfs *found) {
  int (*real)(const char *, struct statfs *) = dlsym(RTLD_NEXT, "statfs");
  int result = real(path, found);
  found->f_type = 0x6969;
  return result;
}
`

describe.skipIf(preloadMissing)('a home on a network file system', () => {
  let library: Library
  beforeAll(async () => {
    library = await compileLibrary(ON_NFS)
  })
  afterAll(() => library[Symbol.dispose]())

  test('every start logs an error about the file system, and doctor reports it', async () => {
    await using site = new Site()
    const loud = `${site.home} is on a network file system (NFS)`
    await site.json('init', '--json')
    expect(examinedBy(await site.run('doctor', '--json')).of('home')).toMatchObject({ status: 'pass' })
    site.environment.LD_PRELOAD = library.path
    const server = await site.serve()
    const line = server.stdout.split('\n').find((each) => each.includes('network file system')) ?? '{}'
    expect(JSON.parse(line)).toMatchObject({ level: 'error', message: expect.stringContaining(loud) })
    expect(examinedBy(await site.run('doctor', '--json')).of('home')).toMatchObject({
      status: 'fail',
      detail: loud,
      fix: 'move it to a local disk',
    })
  })
})
