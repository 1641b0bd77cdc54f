// The commands that administer ConfigSync: users, tokens, machines and what they store. Each sends requests to the
// administration API and prints the answer as JSON.
// May import: the shared files of src/cli, and what those may.
// entries.ts lists the commands; each other file has those of one noun.
// Start reading in users.ts.

/** The path of an account in the administration API. */
export function userPath(handle: string): string {
  return `/v1/admin/configsync/users/${encodeURIComponent(handle)}`
}

/** The first word of most commands. */
export const handleArg = {
  type: 'positional',
  required: true,
  description: 'The handle of the account',
} as const

/** The word that names a machine. */
export const machineArg = {
  type: 'positional',
  required: true,
  description: 'The id of the machine, as configsync machines shows it',
} as const

/** The file that a command writes. */
export const outputArg = {
  type: 'string',
  alias: 'o',
  valueHint: 'file',
  required: true,
  description: 'The file to write, which must not exist',
} as const
