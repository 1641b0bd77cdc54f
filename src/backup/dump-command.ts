/**
 * Returns the command that dumps a Postgres store. It omits the password, because all users of a machine see the
 * arguments of running commands. pg_dump asks for it or reads it from PGPASSFILE.
 */
export function dumpCommand(databaseUrl: string, file: string): string {
  return `pg_dump -Fc --dbname=${quoted(withoutPassword(databaseUrl))} --file=${quoted(file)}`
}

function withoutPassword(text: string): string {
  const url = URL.parse(text)
  if (url === null) return 'postgres://<user>@<host>/<database>'
  url.password = ''
  for (const name of [...url.searchParams.keys()]) if (/pass/i.test(name)) url.searchParams.delete(name)
  return url.href
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
