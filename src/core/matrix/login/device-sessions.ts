import { noteEnded } from '../../identity/ended-sessions'
import type { Client } from '../../identity/sessions'
import type { Account, Session } from '../../kernel/entities'
import type { Writes } from '../../kernel/ports'
import { LAST_INSTANT, later, MICROS_PER_SECOND } from '../../kernel/time'
import { matrixRefusal } from '../errors'
import { MAX_ID_BYTES } from '../ids'
import type { MatrixParts } from '../parts'
import { utf8Length } from '../utf8'

/** What a client asks of its new session. */
export interface SessionRequest {
  /** Absent: the server chooses. */
  readonly deviceId?: string | undefined
  /** Of a new device. */
  readonly name?: string | undefined
  /** Whether the client can renew the session: then it has an end. */
  readonly renewable: boolean
}

/** A new session of a device. Its secrets are shown only here. */
export interface NewDeviceSession {
  readonly session: Session
  readonly deviceId: string
  readonly accessToken: string
  readonly renewal: { readonly refreshToken: string; readonly lifetimeSeconds: number } | null
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const GENERATED_LENGTH = 10

/** Renewed sessions kept in memory of which the one before has ended. */
const SETTLED = 10_000

/** The sessions of devices: each has an access token, and maybe a token that renews it. */
export class DeviceSessions {
  private readonly settled = new Set<number>()

  constructor(private readonly parts: Pick<MatrixParts, 'core' | 'store' | 'secrets'>) {}

  /**
   * Begins a session in the transaction of another act. A device that the account has already keeps its keys, and its
   * earlier session ends.
   * @throws M_INVALID_PARAM for a device id of more than 255 bytes
   */
  async begin(
    tx: Writes,
    account: Account,
    { deviceId = this.newDeviceId(), name, renewable }: SessionRequest,
    client: Client,
  ): Promise<NewDeviceSession> {
    requireDeviceId(deviceId)
    const matrix = tx.matrix()
    const seenIp = client.address
    const known = await matrix.device({ accountId: account.id, deviceId })
    const device =
      known ?? (await matrix.insertDevice({ accountId: account.id, deviceId, name: name ?? null, seenIp }))
    if (known) await matrix.updateDevice(known.id, { seenAt: tx.now(), seenIp })
    const before = known ? await matrix.sessionsOfDevice(known.id) : []
    const begun = await this.insert(tx, account, { device: device.id, renewable }, client)
    for (const { id } of before) await noteEnded(tx, null, account, await tx.deleteSessions({ id }))
    return { ...begun, deviceId }
  }

  /**
   * Renews a session with its refresh token: makes another one of the same device. The session before works until the
   * new one is used. A refresh token that was used before ends the session, because somebody has copied it.
   * @throws M_UNKNOWN_TOKEN
   */
  async renew(refreshToken: string, client: Client): Promise<NewDeviceSession> {
    const { store, secrets } = this.parts
    const hash = secrets.sha256(refreshToken)
    const renewed = await store.transact(async (tx) => {
      const matrix = tx.matrix()
      const session = await matrix.sessionBy({ refreshHash: hash })
      if (!session) {
        const copied = await matrix.sessionBy({ refreshBefore: hash })
        if (copied) await this.endCopied(tx, copied)
        return undefined
      }
      const { device: deviceNumber } = session
      const account = await tx.account({ id: session.accountId })
      const device = deviceNumber === null ? undefined : await matrix.device({ id: deviceNumber })
      if (account?.archivedAt !== null || !device) return undefined
      // A session that was renewed, but whose successor nobody used: the answer was lost.
      for (const other of await matrix.sessionsOfDevice(device.id))
        if (other.id !== session.id)
          await noteEnded(tx, null, account, await tx.deleteSessions({ id: other.id }))
      const begun = await this.insert(
        tx,
        account,
        { device: device.id, renewable: true, before: hash },
        client,
      )
      await matrix.updateDevice(device.id, { seenAt: tx.now(), seenIp: client.address })
      return { ...begun, deviceId: device.deviceId }
    })
    if (!renewed) throw matrixRefusal('M_UNKNOWN_TOKEN', 'Unknown refresh token', { soft_logout: false })
    return renewed
  }

  /** Ends the session before a renewed one, which is now used for the first time. */
  async settle(session: Session): Promise<void> {
    const { id, refreshBefore } = session
    if (refreshBefore === null || this.settled.has(id)) return
    const { store } = this.parts
    if (await store.reads.matrix().sessionBy({ refreshHash: refreshBefore }))
      await store.transact(async (tx) => {
        const before = await tx.matrix().sessionBy({ refreshHash: refreshBefore })
        const account = before && (await tx.account({ id: before.accountId }))
        if (account) await noteEnded(tx, null, account, await tx.deleteSessions({ id: before.id }))
      })
    if (this.settled.size >= SETTLED) this.settled.clear()
    this.settled.add(id)
  }

  private async endCopied(tx: Writes, session: Session): Promise<void> {
    const account = await tx.account({ id: session.accountId })
    if (!account || session.device === null) return
    for (const { id } of await tx.matrix().sessionsOfDevice(session.device))
      await noteEnded(tx, null, account, await tx.deleteSessions({ id }))
  }

  private async insert(
    tx: Writes,
    account: Account,
    { device, renewable, before }: { device: number; renewable: boolean; before?: string },
    client: Client,
  ): Promise<Omit<NewDeviceSession, 'deviceId'>> {
    const { secrets, core } = this.parts
    const accessToken = `mxt_${secrets.secret()}`
    const refreshToken = `mxr_${secrets.secret()}`
    const lifetimeSeconds = core.settings.get('matrix.access_token_s')
    const session = await tx.insertSession({
      accountId: account.id,
      hash: secrets.sha256(accessToken),
      expiresAt: renewable ? later(core.clock.now(), lifetimeSeconds * MICROS_PER_SECOND) : LAST_INSTANT,
      ip: client.address,
      userAgent: client.userAgent,
      device,
      ...(renewable && { refreshHash: secrets.sha256(refreshToken) }),
      ...(before !== undefined && { refreshBefore: before }),
    })
    return { session, accessToken, renewal: renewable ? { refreshToken, lifetimeSeconds } : null }
  }

  private newDeviceId(): string {
    const hash = this.parts.secrets.sha256(this.parts.secrets.secret())
    let id = ''
    for (let i = 0; i < GENERATED_LENGTH; i++)
      id += LETTERS.charAt(Number.parseInt(hash.slice(i * 4, i * 4 + 4), 16) % LETTERS.length)
    return id
  }
}

/** @throws M_INVALID_PARAM */
function requireDeviceId(deviceId: string): void {
  const bytes = utf8Length(deviceId)
  if (bytes < 1 || bytes > MAX_ID_BYTES)
    throw matrixRefusal('M_INVALID_PARAM', `A device id has 1 to ${MAX_ID_BYTES} bytes`)
}
