/**
 * Metrics: counting cheaply enough for every request, and rendering for Prometheus.
 * Imports nothing of Synapse. Each part of the program owns its counters, and app/metrics.ts names the metrics.
 * Start reading at histogram.ts, then exposition.ts (a metric) and meters.ts (what is counted for requests).
 */
export { type Family, render, type Sample } from './exposition'
export { Histogram, histogramSamples } from './histogram'
export { LoopLag } from './loop-lag'
export { Meters, type RouteMeter } from './meters'
