// The executable: runs the server, or sends requests to one, and exits with a code that tells the result.
// May import: config, home, citty, node, Bun; main.ts only when a command needs the application, by `await import`.
// program.ts lists the commands; serve/ runs the server, admin/ administers it, lib/connect.ts connects to it.
// stdout carries answers (JSON) and the server's log; stderr carries text for people.
// Start reading in dispatch.ts, then lib/command.ts.
import { dispatch } from './dispatch'

// Exits at once: open timers and connections must not delay the end of a command. Its answer is already written.
process.exit(await dispatch(process.argv.slice(2)))
