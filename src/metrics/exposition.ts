export type Labels = Readonly<Record<string, string>>

/** One value. `suffix` is appended to the name, as in `_bucket`. */
export interface Sample {
  readonly labels?: Labels
  readonly suffix?: string
  readonly value: number
}

/** The samples of one metric. */
export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: readonly Sample[]
}

/** Renders metrics in the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export function render(families: readonly Family[]): string {
  return families
    .flatMap(({ name, type, help, samples }) => [
      `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(
        ({ labels, suffix = '', value }) => `${name}${suffix}${rendered(labels)} ${number(value)}`,
      ),
      '',
    ])
    .join('\n')
}

function rendered(labels: Labels = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
