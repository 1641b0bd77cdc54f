import { normalName } from '../identity/accounts'
import { type Person, principalOf, scopesOf } from '../identity/actor'
import type { Channel, Role } from '../kernel/entities'
import type { Directory } from './directory'
import type { Policy } from './policy'

/**
 * The result of each access check of a channel for an actor, and the command with which an operator fixes the first
 * that fails.
 */
export interface Access {
  readonly slug: string
  readonly visible: boolean
  readonly archived: boolean
  readonly gates: {
    readonly membership: { readonly ok: boolean; readonly role: Role | null }
    readonly scope: {
      readonly ok: boolean
      readonly read: boolean
      readonly post: boolean
      readonly granted: readonly string[]
      readonly required: readonly string[]
    }
    readonly role: { readonly ok: boolean }
  } | null
  readonly fix: string | null
}

export class AccessReport {
  constructor(
    private readonly directory: Directory,
    private readonly policy: Policy,
  ) {}

  /**
   * Explains the actor's access to a channel. Never refuses: a channel that the actor may not know about reads like one
   * that does not exist.
   */
  async explain(actor: Person, name: string): Promise<Access> {
    const slug = normalName(name)
    return this.directory.retryUntilLoaded(() => {
      const channel = this.directory.channelBySlug(slug)
      if (!channel || !this.policy.isVisible(actor, channel))
        return { slug, visible: false, archived: false, gates: null, fix: null }
      return this.judge(actor, channel)
    })
  }

  private judge(actor: Person, channel: Channel): Access {
    const { slug } = channel
    const member = this.directory.member(actor.account.id, channel.id)
    const read = this.policy.hasScope(actor, channel, 'read')
    const post = this.policy.hasScope(actor, channel, 'post')
    const archived = channel.archivedAt !== null
    const mayWrite = member !== undefined && member.role !== 'read_only'
    const gates = {
      membership: { ok: member !== undefined, role: member?.role ?? null },
      scope: {
        ok: read && post,
        read,
        post,
        granted: scopesOf(actor),
        required: [`channel:${slug}:read`, `channel:${slug}:post`],
      },
      role: { ok: mayWrite },
    }
    const { handle } = actor.account
    let fix: string | null = null
    if (archived) fix = `synapse admin unarchive-channel ${slug}`
    else if (!member) fix = `synapse admin add-member ${handle} ${slug}`
    else if (!read || !post) fix = tokenCommand(actor, slug)
    else if (!mayWrite) fix = `synapse admin set-role ${handle} ${slug} --role member`
    return { slug, visible: true, archived, gates, fix }
  }
}

/**
 * The command that gives the holder of the credential another token: for an agent it is issued, for a person it is
 * paired with a device.
 */
function tokenCommand(actor: Person, slug: string): string {
  const scopes = `"channel:${slug}:read,channel:${slug}:post"`
  const holder = principalOf(actor)
  const { handle, kind } = holder.via === 'operator' ? actor.account : holder.account
  if (kind === 'agent') return `synapse admin issue-token --account ${handle} --scopes ${scopes}`
  return `synapse pair --device <name> --account ${handle} --scopes ${scopes}`
}
