// The executable: turns a command line into the server, or into requests to one, and into an exit code.
// May import: config, home, citty, node, Bun; main.ts only when a command needs the application, by `await import`.
// program.ts lists the commands; serve/ runs the server, admin/ holds what administers one, ways.ts how it is reached.
// stdout carries answers (JSON) and the server's log, stderr everything that is meant for a person.
// Start reading in dispatch.ts, then command.ts.
import { dispatch } from './dispatch'

// Nothing that is still open, a timer or a connection, keeps a command from ending. Its answer has been written by now.
process.exit(await dispatch(process.argv.slice(2)))
