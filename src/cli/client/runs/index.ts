// Programs that are started for messages: by `watch --exec` for a batch of the inbox, by `wake` for a webhook.
// May import: @synapse/client, which alone calls the server, and the shared files of src/cli.
// journal.ts says on disk what was started, program.ts runs one, pauses.ts knows when none may start,
// watched-inbox.ts reads the inbox whenever something comes in.
// Start reading in runs.ts: each task is started once, and its sender is told how it ended.
export { Journal, type Outcome, type Task } from './journal'
export { OwnPauses } from './pauses'
export { runProgram } from './program'
export { Runs } from './runs'
export { type Selection, WatchedInbox } from './watched-inbox'
