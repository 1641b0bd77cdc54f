import type { Client } from '../../identity/sessions'
import type { Account } from '../../kernel/entities'
import { AppError } from '../../kernel/errors'
import type { Writes } from '../../kernel/ports'
import { canonicalJson, isObject, type JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import type { MatrixParts } from '../parts'
import type { Users } from '../users'
import type { RegistrationTokens } from './registration-tokens'
import type { ShortSecrets } from './short-secrets'

/** How long a session of interactive authentication lives. */
const SESSION_SECONDS = 15 * 60

/** The reason of the refusal whose facts are the whole answer: what the client has to do. */
export const INTERACTIVE_AUTH = 'interactive_auth'

/** The stages that exist here. A flow has one of them. */
export type Stage = 'm.login.password' | 'm.login.dummy' | 'm.login.registration_token'

/** A request that needs more than an access token. */
export interface Demand {
  /** The account that acts; null while somebody registers. */
  readonly account: Account | null
  /** Method and path: a session is good for one of them. */
  readonly what: string
  /** The body without `auth`. */
  readonly parameters: JsonObject
  /** The member `auth` of the body. */
  readonly auth: unknown
  readonly stage: Stage
  readonly client: Client
}

/** What a session of interactive authentication remembers. */
interface Remembered {
  readonly what: string
  /** Of the first request that has any: later ones repeat or omit them. */
  readonly parameters: JsonObject
  readonly completed: readonly string[]
  /** The registration token that it holds a use of. */
  readonly token?: string
  /** The account that was registered in it. */
  readonly registered?: number
}

/** What the store has of it, with sealed parameters. */
type Stored = Omit<Remembered, 'parameters'> & { readonly sealed: string }

/** A demand whose stage is completed. */
export interface Passed {
  /** The parameters that count. */
  readonly parameters: JsonObject
  /** The account that was registered in this session before. */
  readonly registered: number | null
  /** Ends the session, in the transaction of the act. A registration is remembered, so that it can be repeated. */
  finish(tx: Writes, registered?: Account): Promise<void>
}

/**
 * User-interactive authentication (spec.matrix.org, client-server API, "User-Interactive Authentication API"): sessions in
 * the store, so that every replica knows them.
 */
export class Interactive {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store' | 'secrets' | 'sealing'>,
    private readonly users: Users,
    private readonly shortSecrets: ShortSecrets,
    private readonly tokens: RegistrationTokens,
  ) {}

  /**
   * Checks the stage of a demand. @throws interactive_auth with what the client has to do; M_FORBIDDEN if the session was
   * begun for something else; login_throttled
   */
  async pass(demand: Demand): Promise<Passed> {
    const auth = isObject(demand.auth) ? demand.auth : undefined
    if (!auth) throw challenge(demand, await this.begin(demand), [])
    if (auth.session === undefined) return this.complete(demand, auth, await this.begin(demand))
    if (typeof auth.session !== 'string') throw matrixRefusal('M_BAD_JSON', 'auth.session is a text')
    const found = await this.shortSecrets.find('interactive', auth.session)
    if (!found) {
      const problem = {
        errcode: 'M_FORBIDDEN',
        error: 'This session is unknown or has expired; use the new one',
      }
      throw challenge(demand, await this.begin(demand), [], problem)
    }
    const before = this.remembered(found.json)
    if (found.accountId !== (demand.account?.id ?? null) || before.what !== demand.what) throw otherRequest()
    const parameters = sameParameters(before.parameters, demand.parameters)
    const remembered = { ...before, parameters }
    if (before.completed.includes(demand.stage)) return this.passed(auth.session, remembered)
    return this.complete({ ...demand, parameters }, auth, auth.session)
  }

  /** Parameters contain passwords, so the store has them sealed. */
  private stored({ parameters, ...others }: Remembered): Stored {
    return { ...others, sealed: this.parts.sealing.seal(canonicalJson(parameters)) }
  }

  private remembered(row: JsonObject): Remembered {
    // `stored` made it.
    const { sealed, ...others } = row as Stored
    const parameters: JsonObject = JSON.parse(this.parts.sealing.open(sealed))
    return { ...others, parameters }
  }

  private async begin({ account, what, parameters }: Demand): Promise<string> {
    const json = this.stored({ what, parameters, completed: [] })
    const accountId = account?.id ?? null
    return this.parts.store.transact((tx) =>
      this.shortSecrets.make(tx, 'interactive', { accountId, json, seconds: SESSION_SECONDS }),
    )
  }

  /** Checks the proof of a stage, and remembers it. */
  private async complete(demand: Demand, auth: JsonObject, session: string): Promise<Passed> {
    const { what, parameters, stage } = demand
    if (auth.type === undefined) throw challenge(demand, session, [])
    const refuse = (error: string) => challenge(demand, session, [], { errcode: 'M_FORBIDDEN', error })
    if (auth.type !== stage) throw refuse(`This request needs the stage ${stage}`)
    if (stage === 'm.login.password') await this.checkPassword(demand, auth, refuse)
    const token =
      stage === 'm.login.registration_token' ? await this.tokenIn(demand, auth, refuse) : undefined
    const remembered: Remembered = {
      what,
      parameters,
      completed: [stage],
      ...(token !== undefined && { token }),
    }
    const hash = this.parts.secrets.sha256(session)
    await this.parts.store.transact(async (tx) => {
      if (token !== undefined && !(await this.tokens.hold(tx, token))) throw refuse(UNKNOWN_TOKEN)
      await tx.matrix().updateShortSecret(hash, this.stored(remembered))
    })
    return this.passed(session, remembered)
  }

  private async checkPassword(
    { account, client }: Demand,
    auth: JsonObject,
    refuse: (error: string) => AppError,
  ): Promise<void> {
    if (account === null) throw new Error('a password is that of an account')
    const { identifier, user, password } = auth
    const named = isObject(identifier) && identifier.type === 'm.id.user' ? identifier.user : user
    const isOwn = typeof named === 'string' && (await this.users.find(named))?.id === account.id
    if (!isOwn || typeof password !== 'string') throw refuse('Name yourself and your password')
    if (!(await this.parts.core.sessions.isOwnPassword(account, password, client)))
      throw refuse('Wrong user name or password')
  }

  private async tokenIn(
    { client }: Demand,
    { token }: JsonObject,
    refuse: (error: string) => AppError,
  ): Promise<string> {
    if (typeof token !== 'string' || !(await this.tokens.isValid(token, client))) throw refuse(UNKNOWN_TOKEN)
    return token
  }

  private passed(session: string, remembered: Remembered): Passed {
    const { parameters, token, registered = null } = remembered
    const hash = this.parts.secrets.sha256(session)
    return {
      parameters,
      registered,
      finish: async (tx, account) => {
        if (!account) {
          await tx.matrix().takeShortSecret(hash)
          return
        }
        const { token: _, ...rest } = remembered
        await tx.matrix().updateShortSecret(hash, this.stored({ ...rest, registered: account.id }))
        if (token !== undefined) await this.tokens.use(tx, token)
      },
    }
  }
}

const UNKNOWN_TOKEN = 'This registration token is unknown, used up or expired'

/** The answer 401 that says what the client has to do. */
function challenge(
  { stage }: Demand,
  session: string,
  completed: readonly string[],
  problem: JsonObject = {},
): AppError {
  const flows = [{ stages: [stage] }]
  const message = 'This request needs interactive authentication'
  return new AppError('unauthenticated', INTERACTIVE_AUTH, message, {
    ...problem,
    session,
    flows,
    params: {},
    completed,
  })
}

/** Returns the parameters that count. A client may omit those of its first request. @throws M_FORBIDDEN for others */
function sameParameters(first: JsonObject, now: JsonObject): JsonObject {
  if (Object.keys(now).length === 0) return first
  if (Object.keys(first).length === 0) return now
  if (canonicalJson(first) !== canonicalJson(now)) throw otherRequest()
  return first
}

function otherRequest(): AppError {
  return matrixRefusal('M_FORBIDDEN', 'This session was begun for another request')
}
