/**
 * Durable background work: what has to happen sooner or later, whoever asks or not.
 * Imports the core only. main.ts starts and stops it. Each job is short, and a failed run is logged and tried again.
 * Start reading at upkeep.ts.
 */
export { startDaily } from './daily'
export { startUpkeep } from './upkeep'
