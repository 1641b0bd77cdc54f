import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileLibrary, type Library, preloadMissing } from '../support/preload'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

/** Records every address that a program connects or sends to. */
const NOTING = `
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static void note(const struct sockaddr *to) {
  const char *path = getenv("NOTED_ADDRESSES");
  char text[INET6_ADDRSTRLEN] = "";
  if (!to || !path) return;
  if (to->sa_family == AF_INET) inet_ntop(AF_INET, &((const struct sockaddr_in *)to)->sin_addr, text, sizeof text);
  else if (to->sa_family == AF_INET6) inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)to)->sin6_addr, text, sizeof text);
  else return;
  FILE *file = fopen(path, "a");
  if (!file) return;
  fprintf(file, "%s\\n", text);
  fclose(file);
}

int connect(int fd, const struct sockaddr *to, socklen_t length) {
  int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
  note(to);
  return real(fd, to, length);
}

ssize_t sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to, socklen_t length) {
  ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "sendto");
  note(to);
  return real(fd, bytes, size, flags, to, length);
}
`

describe.skipIf(preloadMissing)('network access', () => {
  let library: Library
  beforeAll(async () => {
    library = await compileLibrary(NOTING)
  })
  afterAll(() => library[Symbol.dispose]())

  test('a server connects to no address on its own: no updates, no licence check, no statistics', async () => {
    await using site = new Site()
    const noted = join(site.userHome, 'addresses')
    const addresses = () => (existsSync(noted) ? readFileSync(noted, 'utf8').trim().split('\n') : [])
    site.environment.LD_PRELOAD = library.path
    site.environment.NOTED_ADDRESSES = noted
    const server = await site.serve()
    const { agent } = await site.json<{ agent: { token: string } }>('quickstart', '--yes', '--json')
    const headers = { authorization: `Bearer ${agent.token}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ channel: 'general', body: 'https://example.org/ is a link @admin' })
    expect((await fetch(`${server.url}/v1/messages`, { method: 'POST', headers, body })).status).toBe(201)
    for (const path of ['/docs', '/pair', '/openapi.json', '/v1/health', '/v1/events'])
      expect((await fetch(`${server.url}${path}`, { headers })).status).toBe(200)
    await site.json('backup', 'create', '--json')
    await site.json('pair', '--device', 'phone', '--account', 'admin', '--json')
    expect(await server.stop()).toBe(0)
    expect(addresses()).toEqual([])
    // A requested connection is made, and recorded.
    await site.run('discover', '--url', 'http://127.0.0.1:1')
    expect(addresses()).toContain('127.0.0.1')
  })
})
