/**
 * Live fan-out: what happens between a commit and everybody's screen.
 * Imports the core only. Surfaces reach it through the core's ports (Streams, LongPolls); app/ puts it in place.
 * hub.ts hands committed events on, stream.ts is one connection (past, then live, and what happens to slow readers),
 * waits.ts holds requests until the log moves. bus.ts is how several processes over one store wake each other.
 * Start reading at hub.ts.
 */
export type { Bus, BusListener } from './bus'
export { Hub } from './hub'
export { OpenLongPolls } from './long-polls'
export { openPostgresBus } from './postgres-bus'
export { examineRedis, openRedisBus } from './redis-bus'
