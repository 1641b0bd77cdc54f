/**
 * Returns where a worker is started from. Inside the executable all modules are in one folder, and workers are below
 * it under their path in src; scripts/build.ts puts them there.
 * @param beside the URL of the worker beside the module that starts it
 * @param folder the folder of both below src
 */
export function workerUrl(beside: URL, folder: string): URL {
  const isCompiled = beside.href.includes('/$bunfs/') || beside.href.includes('/~BUN/')
  const name = beside.pathname.slice(beside.pathname.lastIndexOf('/') + 1)
  return isCompiled ? new URL(`./${folder}/${name}`, beside) : beside
}
