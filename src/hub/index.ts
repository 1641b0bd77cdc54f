/**
 * The hub delivers committed events to open streams, sockets and long-polls.
 * It imports the core only. Surfaces use it through the ports Streams and LongPolls of core/log/streams.ts;
 * app/compose.ts creates it.
 * hub.ts delivers events. stream.ts is one connection: past events first, then live ones, and flow control. rooms.ts
 * maps rooms to streams. long-polls.ts holds requests until an event arrives. bus.ts wakes the other processes that
 * share the store, by the texts of hints.ts.
 * Start reading at hub.ts.
 */
export type { Bus, BusListener } from './bus'
export { formatHint, parseHint } from './hints'
export { Hub } from './hub'
export { OpenLongPolls } from './long-polls'
export { openPostgresBus } from './postgres-bus'
export { examineRedis, openRedisBus } from './redis-bus'
