import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { cases, grownBy, isReplay, rowsOf, settings, shown } from '../http/retry-keys'
import { postgresMissing } from '../support/postgres'
import { type TwoReplicas, twoReplicas } from '../support/replicas'
import type { World } from '../support/world'

setDefaultTimeout(120_000)

describe.skipIf(postgresMissing)('retry keys with two replicas', () => {
  let replicas: TwoReplicas
  let one: World
  let other: World
  let count = 0
  const next = () => `n${count++}`

  beforeAll(async () => {
    replicas = await twoReplicas(settings)
    ;({ one, other } = replicas)
  })
  afterAll(() => replicas[Symbol.asyncDispose]())

  test.each(cases.filter(({ isLocal }) => !isLocal))(
    'POST $post is carried out once when both replicas receive it with one key, one after the other or at once',
    async ({ sample, endsCredential = false }) => {
      const { by, path, body } = await sample(one, next())
      const key = { 'idempotency-key': next() }
      const before = await rowsOf(one)
      const first = await by(one).post(path, body, key)
      expect(first.status, first.text).toBeLessThan(300)
      const after = await rowsOf(one)
      const again = await by(other).post(path, body, key)
      expect(await rowsOf(one)).toEqual(after)
      if (endsCredential) expect(again.status).toBe(401)
      else expect({ ...shown(again), isReplay: isReplay(again) }).toEqual({ ...shown(first), isReplay: true })

      const twin = await sample(one, next())
      const start = await rowsOf(one)
      const twinKey = { 'idempotency-key': next() }
      const answers = await Promise.all(
        [one, other, one, other].map((w) => twin.by(w).post(twin.path, twin.body, twinKey)),
      )
      expect(grownBy(start, await rowsOf(one))).toEqual(grownBy(before, after))
      const admitted = answers.filter(({ status }) => !(endsCredential && status === 401))
      expect(new Set(admitted.map((answer) => JSON.stringify(shown(answer)))).size).toBe(1)
      expect(admitted.filter((answer) => !isReplay(answer))).toHaveLength(1)
      expect(admitted[0]?.status).toBe(first.status)
    },
  )
})
