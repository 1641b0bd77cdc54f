import type { Values } from '../lib/command'

/** The actions of `serve`; at most one at a time. */
export const ACTIONS = ['foreground', 'daemon', 'stop', 'restart', 'status', 'logs'] as const
export type Action = (typeof ACTIONS)[number]

export const serveArgs = {
  foreground: {
    type: 'boolean',
    description: 'Run in this terminal or under a supervisor (the default)',
  },
  daemon: { type: 'boolean', description: 'Start in the background and wait until the server answers' },
  stop: { type: 'boolean', description: 'Stop the server that runs on this home' },
  restart: {
    type: 'boolean',
    description: 'Stop the server and start it as a daemon with the same flags',
  },
  status: {
    type: 'boolean',
    description: 'Show whether the server runs; exit status 3 if not, 1 if it does not answer',
  },
  logs: { type: 'boolean', description: 'Show the log of the daemon and follow it' },
  host: {
    type: 'string',
    valueHint: 'a,b',
    description: 'One to four addresses to listen on; default: 127.0.0.1 (SYNAPSE_HOST)',
  },
  port: {
    type: 'string',
    valueHint: 'n',
    description: 'Port to listen on; default: 8080; 0 picks a free one (SYNAPSE_PORT)',
  },
  lan: {
    type: 'boolean',
    description:
      'Listen on the private networks of this machine, and announce the server there (SYNAPSE_LAN)',
  },
  'tls-cert': {
    type: 'string',
    valueHint: 'file',
    description: 'Certificate for HTTPS, PEM (SYNAPSE_TLS_CERT)',
  },
  'tls-key': {
    type: 'string',
    valueHint: 'file',
    description: 'Private key of the certificate, PEM (SYNAPSE_TLS_KEY)',
  },
  home: {
    type: 'string',
    valueHint: 'dir',
    description: 'Home directory: database, keys, logs (SYNAPSE_HOME)',
  },
  'database-url': {
    type: 'string',
    valueHint: 'url',
    description: 'URL of the store; default: SQLite in the home (SYNAPSE_DATABASE_URL)',
  },
  memory: {
    type: 'boolean',
    description: 'Use a temporary home, which is deleted when the server stops',
  },
  'allow-public-bind': { type: 'boolean', description: 'Allow public and wildcard addresses' },
  'insecure-localhost': {
    type: 'boolean',
    description: 'Rescue mode: no authentication, on 127.0.0.1 only',
  },
  timeout: {
    type: 'string',
    valueHint: 'seconds',
    description: 'With --stop and --restart: kill the server after this time; default: 30',
  },
  lines: {
    type: 'string',
    alias: 'n',
    valueHint: 'n',
    description: 'With --logs: number of lines to show; default: 100',
  },
  follow: {
    type: 'boolean',
    description: 'With --logs: show new lines as they are written (the default); --no-follow exits instead',
  },
  json: { type: 'boolean', description: 'With --daemon, --stop, --restart and --status: print JSON' },
} as const

/** The flags of `serve` as they were given. */
export type ServeArgs = Values<typeof serveArgs>
