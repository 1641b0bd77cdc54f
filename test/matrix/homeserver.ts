// A world with a homeserver, and devices of its people.
import { Caller, PASSWORD, type Person, type World, world } from '../support/world'

export const SERVER_NAME = 'example.org'
export const V3 = '/_matrix/client/v3'

/** Boots a server that is a homeserver. */
export function homeserver(settings: Readonly<Record<string, string>> = {}): Promise<World> {
  return world({ settings: { SYNAPSE_MATRIX_SERVER_NAME: SERVER_NAME, ...settings } })
}

export interface Login {
  readonly user_id: string
  readonly device_id: string
  readonly access_token: string
  readonly refresh_token?: string
  readonly expires_in_ms?: number
}

/** A client of Matrix on a device of a person. */
export class MatrixClient extends Caller {
  constructor(
    w: Pick<World, 'guest'>,
    readonly login: Login,
  ) {
    super((path, init) => w.guest.open(path, init).then((response) => response), {
      authorization: `Bearer ${login.access_token}`,
    })
  }

  get userId(): string {
    return this.login.user_id
  }
}

/** Signs a person in with its password. */
export async function signIn(
  w: Pick<World, 'guest'>,
  person: Pick<Person, 'handle'>,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<MatrixClient> {
  const { status, body, text } = await w.guest.post<Login>(`${V3}/login`, {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: person.handle },
    password: PASSWORD,
    ...fields,
  })
  if (status !== 200) throw new Error(`the sign-in was answered with ${status} ${text}`)
  return new MatrixClient(w, body)
}

/** The code of a refusal, with its status. */
export function refused(answer: {
  readonly status: number
  readonly body: object
}): readonly [number, unknown] {
  return [answer.status, (answer.body as { errcode?: unknown }).errcode]
}
