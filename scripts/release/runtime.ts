// What the runtime is made of that every executable contains: Bun, and what is linked into Bun.
//
// Bun names these parts and their licences in the LICENSE.md of its repository, and the versions of some of them in
// `process.versions`, which is asked while the release is built.

/** One part that is linked into Bun. */
export interface RuntimePart {
  readonly name: string
  /** An SPDX expression; undefined where several licences apply to parts of it. */
  readonly license: string | undefined
  readonly home: string
  /** Its key in `process.versions`. */
  readonly key?: string
}

const part = (name: string, license: string | undefined, home: string, key?: string): RuntimePart => ({
  name,
  license,
  home,
  ...(key === undefined ? {} : { key }),
})

/** The duty that comes with the parts under a licence of the LGPL family: that they can be exchanged. */
export const RELINKING = `JavaScriptCore and other parts of WebKit are linked into Bun statically, under version 2 of the GNU Library
General Public License, and TinyCC under version 2.1 of the GNU Lesser General Public License; both texts are at the
end of this file. Whoever wants to change these libraries can do so: the sources of Synapse, with the script that makes
the executable (scripts/build.ts), the sources of Bun (https://github.com/oven-sh/bun) and of the WebKit it uses
(https://github.com/oven-sh/webkit) are public, and an executable is made from them with a changed Bun by the same
script.`

/** Everything that is linked into Bun, by name. */
export const RUNTIME_PARTS: readonly RuntimePart[] = [
  part('boringssl', undefined, 'https://boringssl.googlesource.com/boringssl/', 'boringssl'),
  part('brotli', 'MIT', 'https://github.com/google/brotli'),
  part('c-ares', 'MIT', 'https://github.com/c-ares/c-ares', 'ares'),
  part('highway', 'Apache-2.0', 'https://github.com/google/highway'),
  part('icu', 'Unicode-3.0', 'https://github.com/unicode-org/icu', 'icu'),
  part('libarchive', undefined, 'https://github.com/libarchive/libarchive', 'libarchive'),
  part('libbase64', 'BSD-2-Clause', 'https://github.com/aklomp/base64'),
  part('libdeflate', 'MIT', 'https://github.com/ebiggers/libdeflate', 'libdeflate'),
  part('libjpeg-turbo', 'BSD-3-Clause AND IJG AND Zlib', 'https://github.com/libjpeg-turbo/libjpeg-turbo'),
  part('libspng', 'BSD-2-Clause', 'https://github.com/randy408/libspng'),
  part('libuv', 'MIT', 'https://github.com/libuv/libuv', 'uv'),
  part('libwebp', 'BSD-3-Clause', 'https://github.com/webmproject/libwebp'),
  part('llhttp', 'MIT', 'https://github.com/nodejs/llhttp', 'llhttp'),
  part('llvm-libcxxabi', 'Apache-2.0 WITH LLVM-exception', 'https://github.com/llvm/llvm-project'),
  part('lol-html', 'BSD-3-Clause', 'https://github.com/cloudflare/lol-html', 'lolhtml'),
  part('ls-hpack', 'MIT', 'https://github.com/litespeedtech/ls-hpack', 'lshpack'),
  part('ls-qpack', 'MIT', 'https://github.com/litespeedtech/ls-qpack'),
  part('lsquic', 'MIT AND BSD-3-Clause', 'https://github.com/litespeedtech/lsquic'),
  part('mimalloc', 'MIT', 'https://github.com/microsoft/mimalloc', 'mimalloc'),
  part('picohttpparser', 'MIT', 'https://github.com/h2o/picohttpparser', 'picohttpparser'),
  part('simdutf', 'Apache-2.0', 'https://github.com/simdutf/simdutf'),
  part('sqlite', 'blessing', 'https://www.sqlite.org', 'sqlite'),
  part('tigerbeetle-io', 'Apache-2.0', 'https://github.com/tigerbeetle/tigerbeetle'),
  part('tinycc', 'LGPL-2.1-or-later', 'https://github.com/tinycc/tinycc', 'tinycc'),
  part('typescript', 'Apache-2.0', 'https://github.com/microsoft/TypeScript', 'typescript'),
  part('uSockets', 'Apache-2.0', 'https://github.com/uNetworking/uSockets', 'usockets'),
  part('uWebSockets', 'Apache-2.0', 'https://github.com/uNetworking/uWebSockets', 'uwebsockets'),
  part('uucode', 'MIT', 'https://github.com/jacobsandlund/uucode'),
  part('webkit', 'LGPL-2.0-or-later', 'https://github.com/oven-sh/webkit', 'webkit'),
  part('zlib-ng', 'Zlib', 'https://github.com/zlib-ng/zlib-ng', 'zlib'),
  part('zstd', 'BSD-3-Clause', 'https://github.com/facebook/zstd', 'zstd'),
]

/** Packages of npm that Bun carries for programs that import Node's modules; all under the MIT licence. */
export const POLYFILLS: readonly string[] = [
  'acorn',
  'acorn-walk',
  'assert',
  'browserify-zlib',
  'buffer',
  'constants-browserify',
  'crypto-browserify',
  'domain-browser',
  'events',
  'https-browserify',
  'os-browserify',
  'path-browserify',
  'process',
  'punycode',
  'querystring-es3',
  'stream-browserify',
  'stream-http',
  'string_decoder',
  'timers-browserify',
  'tty-browserify',
  'url',
  'util',
  'vm-browserify',
]
