import type { RunFile } from '../../src/home'

/** A run file of this process, with the given changes. */
export function runFile(changes: Partial<RunFile> = {}): RunFile {
  return {
    pid: process.pid,
    boot_id: '6e0c1a52-6d0f-4f0e-8d2c-0f3d5b7a9c11',
    version: '1.0.0',
    started_at: '2026-11-21T04:30:00.000Z',
    urls: [],
    socket: '/h/run/synapse.sock',
    home: '/h',
    store_kind: 'sqlite',
    store: 'sqlite:/h/synapse.db',
    args: ['serve', '--port', '9000'],
    supervisor: null,
    phase: 'migrating',
    ...changes,
  }
}
