import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export interface Migration {
  readonly name: string
  /** Of the whole file, so that a migration that changed after it was applied is noticed. */
  readonly hash: string
  readonly statements: readonly string[]
}

/**
 * The migrations of a dialect, oldest first. Called as a macro: the folder is read when the program is built, and the
 * executable carries the answer.
 */
export function readMigrations(dialect: 'sqlite' | 'postgres'): Migration[] {
  const folder = resolve(import.meta.dir, '../../drizzle', dialect)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((file) => {
      const text = readFileSync(join(folder, file), 'utf8')
      return {
        name: file.replace(/\.sql$/, ''),
        hash: new Bun.CryptoHasher('sha256').update(text).digest('hex'),
        statements: text.split('--> statement-breakpoint').map((statement) => statement.trim()),
      }
    })
}
