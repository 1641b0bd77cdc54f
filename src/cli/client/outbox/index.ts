// Messages that an account wants to post, on disk until the server has them: answers of `wake`, and `post --queue`.
// May import: @synapse/client, which alone calls the server, and the shared files of src/cli.
// outbox.ts keeps the messages, sender.ts sends them, with pauses between attempts.
// Start reading in outbox.ts.
export { outbox, wireOf } from './command'
export { type Draft, Outbox } from './outbox'
export { postQueued } from './post-queued'
export { Sender } from './sender'
