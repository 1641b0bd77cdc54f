/**
 * Libraries that are loaded before a program (`LD_PRELOAD`) and answer system calls in its place. Their answers can be
 * changed while the program runs, through a file that both map into memory.
 */
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '../home/temporary'

/** True without a compiler or a loader that supports it: tests that need one are skipped. */
export const preloadMissing = process.platform !== 'linux' || Bun.which('cc') === null

/** The size of the orders in bytes. */
const ORDERS_BYTES = 64

export interface Library extends Disposable {
  readonly path: string
  /** The folder of the library, for further files. */
  readonly folder: string
}

/** Compiles a library from C. It is removed with its scope. */
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

  /** `orders`: the C fields of the orders, initially zero; `calls`: the functions that it replaces. */
  static async make(orders: string, calls: string): Promise<Preload> {
    const library = await compileLibrary(`${INCLUDES}struct orders { ${orders} };${MAPPING}${calls}`)
    const path = join(library.folder, 'orders')
    writeFileSync(path, new Uint8Array(ORDERS_BYTES))
    return new Preload(library, openSync(path, 'r+'))
  }

  /** The environment of a program that is to load the library. */
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
