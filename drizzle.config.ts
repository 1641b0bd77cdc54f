import { defineConfig } from 'drizzle-kit'

// One file for both dialects, because drizzle-kit takes one at a time: SYNAPSE_DIALECT=postgres selects
// Postgres, anything else SQLite. `bun run migrations` runs it for both; see scripts/migrations.ts.
const postgres = process.env['SYNAPSE_DIALECT'] === 'postgres'

export default defineConfig(
  postgres
    ? { dialect: 'postgresql', schema: './src/store/schema/schema.pg.ts', out: './drizzle/postgres' }
    : { dialect: 'sqlite', schema: './src/store/schema/index.ts', out: './drizzle/sqlite' },
)
