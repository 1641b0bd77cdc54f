/**
 * Libraries that are loaded before a program (`LD_PRELOAD`) and answer calls in the system's place. What they answer
 * can be ordered while the program runs, through a file that both have mapped.
 */
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '../home/temporary'

/** True where there is no compiler, or the loader takes no such library: tests that need one are skipped. */
export const preloadMissing = process.platform !== 'linux' || Bun.which('cc') === null

/** How many bytes of orders there are. */
const ORDERS_BYTES = 64

export interface Library extends Disposable {
  readonly path: string
  /** Where it lies, with whatever is put beside it. */
  readonly folder: string
}

/** Compiles a library from C. It goes with its scope. */
export async function compileLibrary(source: string): Promise<Library> {
  const directory = temporaryDirectory()
  const code = join(directory.path, 'source.c')
  const path = join(directory.path, 'preload.so')
  writeFileSync(code, source)
  const child = Bun.spawn(['cc', '-shared', '-fPIC', '-O1', '-o', path, code, '-ldl'])
  if ((await child.exited) !== 0) throw new Error('the library does not compile')
  return { path, folder: directory.path, [Symbol.dispose]: () => directory[Symbol.dispose]() }
}

const INCLUDES = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
`

const MAPPING = `
static volatile struct orders *orders;

__attribute__((constructor)) static void load(void) {
  const char *path = getenv("PRELOAD_ORDERS");
  int fd = path ? open(path, O_RDWR) : -1;
  if (fd < 0) return;
  void *at = mmap(0, sizeof(struct orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at != MAP_FAILED) orders = at;
}

/* What the call is without this library. */
#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)
`

/** A library that takes orders. */
export class Preload implements Disposable {
  private constructor(
    private readonly library: Library,
    private readonly orders: number,
  ) {}

  /** `orders`: the fields of what can be ordered, in C, all zero at first; `calls`: those that it answers. */
  static async make(orders: string, calls: string): Promise<Preload> {
    const library = await compileLibrary(`${INCLUDES}struct orders { ${orders} };${MAPPING}${calls}`)
    const path = join(library.folder, 'orders')
    writeFileSync(path, new Uint8Array(ORDERS_BYTES))
    return new Preload(library, openSync(path, 'r+'))
  }

  /** What the environment of a program says that is to load it. */
  get environment(): Readonly<Record<string, string>> {
    const { path, folder } = this.library
    return { LD_PRELOAD: path, PRELOAD_ORDERS: join(folder, 'orders') }
  }

  write(orders: DataView, length = orders.byteLength): void {
    writeSync(this.orders, orders, 0, length, 0)
  }

  read(): DataView {
    const orders = new DataView(new ArrayBuffer(ORDERS_BYTES))
    readSync(this.orders, orders, 0, ORDERS_BYTES, 0)
    return orders
  }

  [Symbol.dispose](): void {
    closeSync(this.orders)
    this.library[Symbol.dispose]()
  }
}
