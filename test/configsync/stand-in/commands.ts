import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { arch, homedir, hostname, platform } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { Failed, type Fields, Requests, type Row } from './requests'
import { newKeys, open, passwordKey, seal } from './sealing'
import {
  type Content,
  Entities,
  isLoggedIn,
  keep,
  kept,
  masterPassword,
  newMachineId,
  requests,
  stateKey,
  unlock,
} from './session'

/** Released clients take 600,000. This is the least that the server accepts, because each command derives the key. */
const ITERATIONS = 100_000
/** Names of the variable files of a project, and the layer that each is captured into. */
const LAYERS: Readonly<Record<string, readonly [tier: string, visibility: 'shared' | 'personal']>> = {
  '.env': ['dev', 'shared'],
  '.env.local': ['dev', 'personal'],
  '.env.production': ['prod', 'shared'],
}

type Options = Readonly<Record<string, string | undefined>>

const say = (text: string) => process.stdout.write(`${text}\n`)
const needed = (value: string | undefined, what: string): string => {
  if (value === undefined) throw new Failed(`Missing ${what}`)
  return value
}

export async function login({ token, 'api-url': url }: Options): Promise<void> {
  // A token that is left out is asked for; without a terminal the password in the environment answers.
  const api = new Requests(needed(url, '--api-url'), token ?? masterPassword())
  await verify(api)
  const isFirst = !isLoggedIn()
  const machineId = isFirst ? newMachineId() : kept().machineId
  const machine = await register(api, machineId)
  const existing = await api.find('GET', '/api/auth/keypair')
  const keypair = existing ?? (await createKeypair(api))
  if (existing) {
    unlock(existing)
    await api.rows('profiles')
  } else await createDefaultProfile(api)
  keep({
    ...{ url: needed(url, '--api-url'), token: token ?? '', machineId, keypair },
    ...{ userId: Number(machine.user_id), stateSalt: existing ? null : randomBytes(32).toString('base64') },
    ...(isFirst && { tracked: [], environments: [], layerKeys: {} }),
  })
  say('Logged in.')
}

/** Makes the key pair of a machine that has a token already. Stops if there is one. */
export async function init({ token, 'api-url': url }: Options): Promise<void> {
  const api = new Requests(needed(url, '--api-url'), needed(token, '--token'))
  await verify(api)
  if (await api.find('GET', '/api/auth/keypair')) {
    say('There is a key pair already.')
    return
  }
  const keypair = await createKeypair(api)
  const machineId = newMachineId()
  const machine = await register(api, machineId)
  await createDefaultProfile(api)
  keep({
    ...{ url: needed(url, '--api-url'), token: needed(token, '--token'), machineId, keypair },
    ...{ userId: Number(machine.user_id), stateSalt: randomBytes(32).toString('base64') },
    ...{ tracked: [], environments: [], layerKeys: {} },
  })
  say('Initialized.')
}

export async function setup(): Promise<void> {
  const api = requests()
  await verify(api)
  await register(api, kept().machineId)
  await api.json('GET', '/api/machines')
  await api.find('GET', '/api/machines/latest')
  say('Set up.')
}

export async function doctor(): Promise<void> {
  const api = requests()
  await verify(api)
  const { machines } = await api.json('GET', '/api/machines')
  say(`The server knows ${(machines as unknown[]).length} machine(s).`)
}

async function verify(api: Requests): Promise<void> {
  if (!(await api.isOk('/api/auth/verify'))) throw new Failed('Invalid token', 3)
}

async function register(api: Requests, machineId: string): Promise<Fields> {
  const machine = { machine_id: machineId, name: hostname(), platform: platform(), arch: arch() }
  const answer = await api.json('POST', '/api/machines/register', {
    ...machine,
    cli_version: '2.0.0-beta.28',
  })
  return answer.machine as Fields
}

async function createKeypair(api: Requests): Promise<Fields> {
  const { publicKey, privateKey } = newKeys()
  const salt = randomBytes(32)
  const keypair = {
    public_key: publicKey.toString('base64'),
    encrypted_private_key: seal(privateKey, passwordKey(masterPassword(), salt, ITERATIONS)).toString(
      'base64',
    ),
    kek_salt: salt.toString('base64'),
    kek_iterations: ITERATIONS,
    key_algorithm: 'x25519',
  }
  await api.json('POST', '/api/auth/keypair', keypair)
  return keypair
}

async function createDefaultProfile(api: Requests): Promise<void> {
  const profile = { slug: 'default', name: 'default', is_default: true }
  await api.json('POST', '/api/profiles', profile).catch(() => undefined)
}

/** Tracks files for the whole state. */
export function add(paths: readonly string[]): void {
  keep({ tracked: [...new Set([...kept().tracked, ...paths.map((path) => resolve(path))])] })
}

export async function push({ changed }: Options): Promise<void> {
  const api = requests()
  const { machineId, tracked, environments } = kept()
  const key = stateKey()
  if (changed !== undefined) await api.first('GET', '/api/machines/latest')
  await api.firstJson('register machine', 'POST', '/api/machines/register', {
    ...{
      machine_id: machineId,
      name: hostname(),
      platform: platform(),
      arch: arch(),
      python_version: 'v20.20.2',
    },
  })
  const files = Object.fromEntries(tracked.map((path) => [path, readFileSync(path, 'base64')]))
  await pushState(api, { files }, key, { paths: tracked })
  if (environments.length > 0) await syncEnvironments(api)
  say('Pushed.')
}

/** Pushes after each change of a tracked file. Here, a file changes as soon as it was pushed, `--times` in all. */
export async function watch({ times = '1' }: Options): Promise<void> {
  for (let left = Number(times); left > 0; left--) await push({ changed: 'true' })
}

async function pushState(api: Requests, state: Fields, key: Buffer, metadata?: Fields): Promise<void> {
  const { machineId } = kept()
  await api.firstJson('push state', 'POST', `/api/machines/${machineId}/push`, {
    machine_id: machineId,
    encrypted_state: seal(Buffer.from(JSON.stringify(state)), key).toString('base64'),
    timestamp: new Date().toISOString(),
    version: '1.0',
    metadata,
  })
}

async function syncEnvironments(api: Requests): Promise<void> {
  const body = { environments: kept().environments, delete_missing: true }
  const answer = await api.firstJson('sync environments', 'PUT', '/api/environments/sync', body)
  keep({ environments: answer.environments as Fields[] })
}

export async function pull(options: Options): Promise<void> {
  if (options.project !== undefined) return pullProject(options.project, options.path)
  if (options.workspace !== undefined) return pullWorkspace(options.workspace)
  const api = requests()
  if (options['list-machines'] !== undefined) {
    const { machines } = await api.firstJson('list machines', 'GET', '/api/machines')
    for (const { machine_id, name } of machines as Fields[]) say(`${machine_id} ${name}`)
    return
  }
  const { snapshot } = options
  const path = snapshot === undefined ? 'latest' : `snapshot/${snapshot}`
  const { files } = (await stateOf(api, path)) as { files: Record<string, string> }
  for (const [name, content] of Object.entries(files)) write(name, Buffer.from(content, 'base64'))
  if (snapshot === undefined) await takeEnvironments(api)
  say(`Pulled ${Object.keys(files).length} file(s).`)
}

/** Any error counts as none. */
async function takeEnvironments(api: Requests): Promise<void> {
  const response = await api.first('GET', '/api/environments')
  if (!response.ok) return
  const { environments } = (await response.json()) as { environments?: Fields[] }
  keep({ environments: environments ?? [] })
}

async function stateOf(api: Requests, path: string): Promise<unknown> {
  const snapshot = await api.firstJson('pull state', 'GET', `/api/machines/${path}`)
  const sealed = Buffer.from(String(snapshot.encrypted_state), 'base64')
  return JSON.parse(open(sealed, stateKey()).toString())
}

export async function history({ project, from }: Options): Promise<void> {
  const api = requests()
  if (project !== undefined) {
    const row = await new Entities(api).bySlug('project', project)
    const { versions } = await api.json('GET', `/api/projects/${row.id}/versions`)
    for (const { version, size_bytes } of versions as Fields[]) say(`v${version} ${size_bytes}`)
    return
  }
  let query = ''
  if (from !== undefined) {
    const { machines } = await api.firstJson('list machines', 'GET', '/api/machines')
    const found = (machines as Fields[]).find(({ machine_id }) => machine_id === from)
    query = `?machine_id=${needed(found?.machine_id as string | undefined, 'machine')}`
  }
  const { snapshots } = await api.firstJson('read history', 'GET', `/api/machines/history${query}`)
  for (const { id, machine_name, size_bytes } of snapshots as Fields[])
    say(`${id} ${machine_name} ${size_bytes}`)
}

export async function rollback({ snapshot, project, version }: Options): Promise<void> {
  const api = requests()
  if (snapshot !== undefined) {
    const state = (await stateOf(api, `snapshot/${snapshot}`)) as Fields
    await pushState(api, state, stateKey())
    say(`Restored snapshot ${snapshot}.`)
    return
  }
  const entities = new Entities(api)
  const row = await entities.bySlug('project', needed(project, '--project'))
  const { key } = await entities.opened('project', row.id)
  const content = await entities.pull('project', row.id, key, Number(needed(version, '--version')))
  say(`Rolled back; pushed as v${await entities.push('project', row.id, key, content)}`)
}

/** Compares a version with the current one. */
export async function diff({ project, version }: Options): Promise<void> {
  const api = requests()
  const entities = new Entities(api)
  const row = await entities.bySlug('project', needed(project, '--project'))
  const { key } = await entities.opened('project', row.id)
  const [then, now] = await Promise.all([
    entities.pull('project', row.id, key, Number(needed(version, '--version'))),
    entities.pull('project', row.id, key),
  ])
  const names = [...new Set([...Object.keys(then.files), ...Object.keys(now.files)])]
  const changed = names.filter((name) => then.files[name] !== now.files[name])
  for (const name of changed) say(`M ${name}`)
  if (changed.length === 0) say('identical')
}

export async function addProject(directory: string, { name, 'git-url': gitUrl }: Options): Promise<void> {
  const api = requests()
  const entities = new Entities(api)
  const root = resolve(directory)
  const slug = name ?? basename(root).toLowerCase()
  const created = await projectFor(api, slug, gitUrl)
  const { row, key } = await entities.opened('project', created.id, true)
  const version = await entities.push('project', row.id, key, contentOf(root))
  const { machineId } = kept()
  await api.json('POST', `/api/machines/${machineId}/projects`, { project_id: row.id, local_path: root })
  await capture(api, entities, row.id, root)
  say(`Project '${row.slug}' is at v${version}`)
}

async function projectFor(api: Requests, slug: string, git_url: string | undefined): Promise<Row> {
  if (git_url !== undefined) {
    const [known] = await api.rows('projects', `?git_url=${encodeURIComponent(git_url)}`)
    if (known) return known
  }
  try {
    const body = { slug, name: slug, git_url, git_branch: 'main' }
    return (await api.json('POST', '/api/projects', body)).project as Row
  } catch (error) {
    if (!(error instanceof Failed) || !/already exists/i.test(error.message)) throw error
    const row = (await api.rows('projects')).find((one) => one.slug === slug)
    if (!row) throw error
    say(`Reusing existing project '${slug}'`)
    return row
  }
}

function contentOf(root: string): Content {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(root, name)).isFile())
    .toSorted()
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(root, name), 'base64')]))
  return { captured_at: new Date().toISOString(), files, extras: {} }
}

/** Stores the variables of the files of a project. */
async function capture(api: Requests, entities: Entities, project: number, root: string): Promise<void> {
  const { userId } = kept()
  for (const [name, [tier, visibility]] of Object.entries(LAYERS)) {
    if (!existsSync(join(root, name))) continue
    const owner = visibility === 'personal' ? `:${userId}` : ''
    const key = await entities.layerKey(project, `${visibility}:${project}:${tier}${owner}`)
    for (const line of readFileSync(join(root, name), 'utf8').split('\n')) {
      const [, variable = '', value = ''] = /^([A-Za-z_]\w*)=(.*)$/.exec(line) ?? []
      if (variable === '') continue
      await api.json('PUT', `/api/projects/${project}/env/${encodeURIComponent(variable)}`, {
        ...{ environment_tier: tier, visibility, value_source: 'inline' },
        ...(visibility === 'personal' && { owner_user_id: userId }),
        encrypted_value: seal(Buffer.from(value), key).toString('base64'),
      })
    }
  }
}

async function pullProject(slug: string, path?: string): Promise<void> {
  const api = requests()
  const entities = new Entities(api)
  const { machineId } = kept()
  const row = await entities.bySlug('project', slug)
  const { key } = await entities.opened('project', row.id)
  const content = await entities.pull('project', row.id, key)
  const linked = path === undefined ? (await linksOf(api)).find(({ id }) => id === row.id)?.local_path : null
  const root = resolve(path ?? linked ?? join(homedir(), 'git', slug))
  for (const [name, file] of Object.entries(content.files))
    write(join(root, name), Buffer.from(file, 'base64'))
  await api.json('POST', `/api/machines/${machineId}/projects`, { project_id: row.id, local_path: root })
  const change = { last_synced_version: row.current_version, local_path: root }
  await api.json('PATCH', `/api/machines/${machineId}/projects/${row.id}`, change)
  say(`Pulled '${slug}' v${row.current_version}`)
}

async function pullWorkspace(slug: string): Promise<void> {
  const api = requests()
  const entities = new Entities(api)
  const row = await entities.bySlug('workspace', slug)
  const { key } = await entities.opened('workspace', row.id)
  const { extras } = await entities.pull('workspace', row.id, key)
  const projects = await api.rows('projects')
  for (const id of extras.project_ids as number[]) {
    const project = projects.find((one) => one.id === id)
    if (project) await pullProject(project.slug)
  }
}

interface Link extends Row {
  readonly last_synced_version: number | null
  readonly local_path: string
}

async function linksOf(api: Requests): Promise<Link[]> {
  const { projects } = await api.json('GET', `/api/machines/${kept().machineId}/projects`)
  return projects as Link[]
}

/** A machine pushes only what a conflict is resolved to, as the released client does. */
export async function sync(): Promise<void> {
  const api = requests()
  const entities = new Entities(api)
  const { machineId } = kept()
  const links = await linksOf(api)
  const plan = links.map(({ id, last_synced_version }) => ({
    ...{
      type: 'project',
      id,
      local_version: last_synced_version ?? 0,
      local_hash: randomBytes(32).toString('hex'),
    },
  }))
  const answer = await api.json('POST', '/api/sync/plan', { machine_id: machineId, entities: plan })
  const updates: Fields[] = []
  for (const { id, action, current_version } of answer.actions as Fields[]) {
    const link = links.find((one) => one.id === id)
    say(`[${action}] project/${link?.slug}`)
    if (action !== 'pull' || !link) continue
    const { key } = await entities.opened('project', link.id)
    const { files } = await entities.pull('project', link.id, key)
    for (const [name, file] of Object.entries(files))
      write(join(link.local_path, name), Buffer.from(file, 'base64'))
    updates.push({ entity_type: 'project', entity_id: id, new_last_synced_version: current_version })
  }
  if (updates.length > 0) await api.json('POST', '/api/sync/commit', { machine_id: machineId, updates })
  for (const link of links) await capture(api, entities, link.id, link.local_path)
  await syncEnvironments(api)
  await applyActions(api)
}

async function applyActions(api: Requests): Promise<void> {
  const { machineId } = kept()
  const response = await api.first('GET', `/api/machines/${machineId}/actions`)
  if (!response.ok) return
  const { actions } = (await response.json()) as { actions: { action: string; payload: Fields }[] }
  for (const { action, payload } of actions) {
    if (action === 'add_environment') keep({ environments: [...kept().environments, environmentOf(payload)] })
    say(`applied ${action}`)
  }
  if (actions.length > 0) await api.first('DELETE', `/api/machines/${machineId}/actions`)
}

const environmentOf = ({ name, tier, color = null, protect = false }: Fields): Fields => ({
  ...{ name, tier, color, protect },
})

export function createEnvironment(name: string, { tier = 'development' }: Options): void {
  keep({ environments: [...kept().environments, environmentOf({ name, tier })] })
}

export function listEnvironments(): void {
  for (const { name, tier } of kept().environments) say(`${name} ${tier}`)
}

/** Creates a workspace, config, module or profile with an empty first version. */
export async function addEntity(type: string, name: string): Promise<void> {
  const api = requests()
  const entities = new Entities(api)
  const slug = basename(name).toLowerCase()
  const body = {
    slug,
    name,
    ...(type === 'module' && { module_type: slug }),
    ...(type === 'config' && { source_hint: name }),
  }
  const row = (await api.json('POST', `/api/${type}s`, body))[type] as Row
  const key = await entities.newKey(type, row.id)
  const files = type === 'config' ? { [slug]: readFileSync(name, 'base64') } : {}
  const content = { captured_at: new Date().toISOString(), files, extras: { project_ids: [], packages: [] } }
  say(`Created ${type} '${slug}' v${await entities.push(type, row.id, key, content)}`)
}

/** Adds a package to the content of a profile or module, which may have no content and no key yet. */
export async function addPackage(type: string, slug: string, name: string): Promise<void> {
  const api = requests()
  const entities = new Entities(api)
  const { id } = await entities.bySlug(type, slug)
  const { row, key } = await entities.opened(type, id, true)
  const none: Content = { captured_at: new Date().toISOString(), files: {}, extras: { packages: [] } }
  const content = row.current_version === 0 ? none : await entities.pull(type, id, key)
  const packages = [...(content.extras.packages as string[]), name]
  await entities.push(type, id, key, { ...content, extras: { ...content.extras, packages } })
  say(packages.join(' '))
}

export async function renameEntity(type: string, slug: string, name: string): Promise<void> {
  const api = requests()
  const row = (await api.rows(`${type}s`)).find((one) => one.slug === slug)
  await api.json('PATCH', `/api/${type}s/${needed(row && String(row.id), type)}`, { name })
}

export async function deleteEntity(type: string, slug: string, { force }: Options): Promise<void> {
  if (force === undefined) throw new Failed(`Re-run with --force to delete ${type} '${slug}'.`, 2)
  const api = requests()
  const row = (await api.rows(`${type}s`)).find((one) => one.slug === slug)
  await api.json('DELETE', `/api/${type}s/${needed(row && String(row.id), type)}`)
}

export async function listEntities(type: string): Promise<void> {
  for (const { slug, current_version } of await requests().rows(`${type}s`))
    say(`${slug} v${current_version}`)
}

/** Adds a project to the list in the content of a workspace. */
export async function addToWorkspace(workspace: string, project: string): Promise<void> {
  const api = requests()
  const entities = new Entities(api)
  const row = await entities.bySlug('workspace', workspace)
  const { id } = await entities.bySlug('project', project)
  const { key } = await entities.opened('workspace', row.id)
  const content = await entities.pull('workspace', row.id, key)
  const ids = [...(content.extras.project_ids as number[]), id]
  await entities.push('workspace', row.id, key, {
    ...content,
    extras: { ...content.extras, project_ids: ids },
  })
}

export async function addToProfile(profile: string, workspace: string): Promise<void> {
  const api = requests()
  const entities = new Entities(api)
  const { id } = await entities.bySlug('profile', profile)
  const { id: workspace_id } = await entities.bySlug('workspace', workspace)
  await api.json('POST', `/api/profiles/${id}/workspaces`, { workspace_id })
}

export async function activateProfile(profile: string, active: boolean): Promise<void> {
  const api = requests()
  const { id } = await new Entities(api).bySlug('profile', profile)
  await api.json('PATCH', `/api/machines/${kept().machineId}/profiles/${id}`, { active })
}

function write(path: string, bytes: Buffer): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
}
