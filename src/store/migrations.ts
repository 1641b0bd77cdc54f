import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export interface Migration {
  readonly name: string
  /** SHA-256 of the whole file. It reveals a migration that was changed after it was applied. */
  readonly hash: string
  readonly statements: readonly string[]
}

/**
 * Returns the migrations of a dialect, oldest first. Called as a macro: the folder is read at build time, and the
 * executable contains the result.
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
