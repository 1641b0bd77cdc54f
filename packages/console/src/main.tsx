// The web console: what people see of their server. It runs in a page and talks to the server with @synapse/client.
//
// state/ holds what is known (messages, channels, accounts, the stream) and has no view; app/ is the frame (addresses,
// session, shell); ui/ the parts; text/, composer/ and timeline/ the conversation; pages/ one folder a page; style/ the
// look. Start reading at app/app.tsx, then app/pages.ts.
import { start } from './app/app'
import { restFrom } from './app/later'
import { letGoOfFormer } from './ui/let-go'

letGoOfFormer()
restFrom(() => import('./rest'))
start()
