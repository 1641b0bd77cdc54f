/**
 * Counting what happens, cheaply enough for every request, and rendering the counts as Prometheus reads them.
 * Imports nothing of Synapse: whoever counts owns the counters, and measuring.ts beside main.ts names the families.
 * Start reading at histogram.ts, then exposition.ts (what a family is) and meters.ts (what is counted of requests).
 */
export { type Family, render, type Sample } from './exposition'
export { Histogram, histogramSamples } from './histogram'
export { LoopLag } from './loop-lag'
export { Meters, type RouteMeter } from './meters'
