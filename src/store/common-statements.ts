/**
 * The statements of one connection that most readers need. Building one takes up to 3 ms, so each is kept. The first
 * request builds those it uses, unless the server has built them ahead.
 */
export class CommonStatements implements Iterable<() => unknown> {
  private readonly builders: (() => unknown)[] = []

  /** Returns a function that builds the statement at its first call and keeps it. */
  lazily<Statement>(build: () => Statement): () => Statement {
    let statement: Statement | undefined
    const get = () => {
      statement ??= build()
      return statement
    }
    this.builders.push(get)
    return get
  }

  /** Returns a function that keeps one statement for each shape. Only the common shapes are built ahead. */
  byShape<Shape, Statement>(
    common: readonly Shape[],
    keyOf: (shape: Shape) => string,
    build: (shape: Shape) => Statement,
  ): (shape: Shape) => Statement {
    const known = new Map<string, Statement>()
    const get = (shape: Shape) => {
      const key = keyOf(shape)
      const statement = known.get(key) ?? build(shape)
      known.set(key, statement)
      return statement
    }
    for (const shape of common) this.builders.push(() => get(shape))
    return get
  }

  /** Each step builds one statement, unless it was built already. */
  [Symbol.iterator](): Iterator<() => unknown> {
    return this.builders.values()
  }
}
