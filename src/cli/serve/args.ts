import type { Values } from '../lib/command'

/** What `serve` can be told to do; at most one of them at a time. */
export const ACTIONS = ['foreground', 'daemon', 'stop', 'restart', 'status', 'logs'] as const
export type Action = (typeof ACTIONS)[number]

export const serveArgs = {
  foreground: {
    type: 'boolean',
    description: 'Run in this terminal, or under a supervisor; what serve alone does',
  },
  daemon: { type: 'boolean', description: 'Start in the background, wait until it answers' },
  stop: { type: 'boolean', description: 'Stop the server that runs on this home' },
  restart: {
    type: 'boolean',
    description: 'Stop it, and start it as a daemon with the flags it was started with',
  },
  status: {
    type: 'boolean',
    description: 'Say whether it runs; exit status 3 when it does not, 1 when it does not answer',
  },
  logs: { type: 'boolean', description: 'Show the log of the daemon, and go on showing it' },
  host: {
    type: 'string',
    valueHint: 'a,b',
    description: 'One to four addresses to listen on; otherwise 127.0.0.1 (SYNAPSE_HOST)',
  },
  port: {
    type: 'string',
    valueHint: 'n',
    description: 'Otherwise 8080; 0 takes any free one (SYNAPSE_PORT)',
  },
  lan: {
    type: 'boolean',
    description: 'Listen for the private networks of this machine, and announce it there (SYNAPSE_LAN)',
  },
  'tls-cert': {
    type: 'string',
    valueHint: 'file',
    description: 'Speak HTTPS with this certificate, PEM (SYNAPSE_TLS_CERT)',
  },
  'tls-key': { type: 'string', valueHint: 'file', description: 'Its private key, PEM (SYNAPSE_TLS_KEY)' },
  home: { type: 'string', valueHint: 'dir', description: 'Where everything is kept (SYNAPSE_HOME)' },
  'database-url': {
    type: 'string',
    valueHint: 'url',
    description: 'The store; otherwise SQLite in the home (SYNAPSE_DATABASE_URL)',
  },
  memory: {
    type: 'boolean',
    description: 'Use a new home in a temporary directory, which goes when the server stops',
  },
  'allow-public-bind': { type: 'boolean', description: 'Listen on public and wildcard addresses too' },
  'insecure-localhost': {
    type: 'boolean',
    description: 'Rescue mode: no authentication in this run, on 127.0.0.1 alone',
  },
  timeout: {
    type: 'string',
    valueHint: 'seconds',
    description: 'With --stop and --restart: kill it after that; otherwise 30',
  },
  lines: {
    type: 'string',
    alias: 'n',
    valueHint: 'n',
    description: 'With --logs: so many of the last lines; otherwise 100',
  },
  follow: {
    type: 'boolean',
    description: 'With --logs: go on showing what is written; --no-follow ends instead',
  },
  json: { type: 'boolean', description: 'With --daemon, --stop, --restart, --status: print JSON' },
} as const

/** The flags of `serve` as they were given. */
export type ServeArgs = Values<typeof serveArgs>
