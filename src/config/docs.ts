import { type DeclaredSetting, declaredSettings } from './declared'

const INTRODUCTION = `# Configuration

Synapse starts without any configuration. Everything that can be set is on this page, which is generated from
\`src/config/settings.ts\`.

## Where a value comes from

The first of these that has a value applies:

1. the flag of \`synapse serve\`, such as \`--port 9000\`;
2. the environment, such as \`SYNAPSE_PORT=9000\`;
3. the file \`synapse.env\` in the home, with the same names;
4. the default.

An empty variable counts as not set. No other file is read, in particular no \`.env\` of the current directory.
If a setting has several names, the first that is set applies. An unknown name that begins with \`SYNAPSE_\` is
reported at start, with the nearest known name. All problems are reported together, and the server does not start
(exit status 78).

A **boot** option needs a restart. A **runtime** setting can be changed in the running server (\`synapse config set\`);
such a value overrides the one here, which is only its default.

**Secrets from files.** Where a table says _or \`…_FILE\`_, \`NAME_FILE=/run/secrets/name\` reads the value from that file,
without the line end. Giving \`NAME\` and \`NAME_FILE\` together is an error.

**synapse.env** has one \`KEY=VALUE\` a line. A line that begins with \`#\` is a comment; a \`#\` further on belongs to the
value. Values may stand in single quotes, as they are, or in double quotes, where \`\\n\` is a line end. It should be
readable by the server's user only (\`chmod 600\`). \`.env.example\` is a template for it.

**How values are written.** Switches: \`on\` or \`off\` (also \`true\`, \`yes\`, \`1\` and their opposites). Lists: words
separated by commas or spaces, or JSON; \`[]\` is an empty list.
`

/** Returns the text of docs/configuration.md. */
export function configurationDoc(): string {
  const tables = [...groups()].map(([group, settings]) => {
    const head = '| key | environment | flag | default | when | meaning |\n|---|---|---|---|---|---|'
    return `## ${group}\n\n${head}\n${settings.map(row).join('\n')}\n`
  })
  return `${[INTRODUCTION, ...tables].join('\n')}
## Names that are not settings

\`SYNAPSE_PG_PASSWORD\` is read by \`docker-compose.postgres.yml\` alone. \`SYNAPSE_URL\`, \`SYNAPSE_HANDLE\`, \`SYNAPSE_TOKEN\`,
\`SYNAPSE_TOKEN_FILE\` and \`SYNAPSE_CONFIG\` belong to clients. \`SYNAPSE_BOOT_ID\` is set by \`--daemon\` for the server it
starts.
`
}

/** Returns the text of .env.example, a template of synapse.env in which every line is commented out. */
export function envExample(): string {
  const introduction = `# Boot options and defaults of Synapse. Copy this file to <home>/synapse.env (chmod 600), remove the # in front of a
# line and change it. Flags and environment variables override it. Explanations: docs/configuration.md
# With docker compose, a copy of this file as .env serves those names that docker-compose.yml lists.
`
  const sections = [...groups()].map(([group, settings]) => {
    const entries = settings.filter(({ key }) => key !== 'home').map(entry)
    return `# --- ${group} ---\n\n${entries.join('\n')}`
  })
  return [introduction, ...sections].join('\n')
}

function groups(): Map<string, DeclaredSetting[]> {
  return Map.groupBy(declaredSettings, ({ setting }) => setting.group)
}

function row(declared: DeclaredSetting): string {
  const { key, env, aliases, applies, setting } = declared
  const own = setting.secret === undefined ? code(env) : `${code(env)} or ${code('…_FILE')}`
  const older = aliases.map(({ name, form }) => (form === undefined ? code(name) : `${code(name)} (${form})`))
  const flag = setting.flag === undefined ? '' : code(`--${setting.flag}`)
  const cells = [
    code(key),
    [own, ...older].join(', '),
    flag,
    shownDefault(declared),
    applies,
    setting.description,
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function entry(declared: DeclaredSetting): string {
  const { env, setting, applies } = declared
  const value = setting.example ?? plain(setting.shownDefault ?? written(declared))
  const remarks = [
    plain(setting.description),
    `Default: ${plain(setting.shownDefault ?? (written(declared) || 'empty'))}`,
    ...(setting.secret === undefined ? [] : [`Or ${env}_FILE=<path of a file that holds it>`]),
    ...(applies === 'runtime' ? ['Can be changed while the server runs.'] : []),
  ]
  const example = setting.example === undefined && setting.shownDefault !== undefined ? '' : value
  return `${remarks.flatMap(wrapped).join('\n')}\n#${env}=${quoted(example)}\n`
}

function shownDefault(declared: DeclaredSetting): string {
  const { shownDefault: words } = declared.setting
  if (words !== undefined) return words.replaceAll('<', '\\<')
  const text = written(declared)
  return text === '' ? 'empty' : code(text)
}

/** Formats a default as in the environment. */
function written({ schema }: DeclaredSetting): string {
  const value: unknown = schema.default
  if (Array.isArray(value)) return value.join(',')
  if (value === null || value === undefined) return ''
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (typeof value === 'object') return Object.keys(value).length === 0 ? '' : JSON.stringify(value)
  return String(value)
}

function code(text: string): string {
  return `\`${text}\``
}

function plain(markdown: string): string {
  return markdown.replaceAll('`', '')
}

/** A remark as comment lines of at most 110 characters. */
function wrapped(remark: string): string[] {
  const lines: string[] = []
  for (const word of remark.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length >= 110) lines.push(`# ${word}`)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

function quoted(text: string): string {
  return /["\s]/.test(text) ? `'${text}'` : text
}
