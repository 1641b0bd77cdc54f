/** The push rules that every user has (spec.matrix.org, client-server API, "Predefined Rules"). */
import type { PushRule, RuleSet } from './rules'

const NOTIFY = 'notify'
const SOUND = { set_tweak: 'sound', value: 'default' }
const HIGHLIGHT = { set_tweak: 'highlight' }

const matches = (key: string, pattern: string) => ({ kind: 'event_match', key, pattern })
const isTwo = { kind: 'room_member_count', is: '2' }

function rule(
  name: string,
  actions: readonly unknown[],
  conditions: readonly unknown[],
  enabled = true,
): PushRule {
  return { rule_id: `.m.rule.${name}`, default: true, enabled, conditions, actions }
}

/** The one above all others, those of users too: while it is enabled, nothing notifies. */
export const MASTER_RULE = '.m.rule.master'

/** Returns the rules of a user who has changed none. */
export function defaultPushRules(userId: string): RuleSet {
  const mention = 'content.m\\.mentions'
  return {
    override: [
      rule('master', [], [], false),
      rule('suppress_notices', [], [matches('content.msgtype', 'm.notice')]),
      rule(
        'invite_for_me',
        [NOTIFY, SOUND],
        [
          matches('type', 'm.room.member'),
          matches('content.membership', 'invite'),
          matches('state_key', userId),
        ],
      ),
      rule('member_event', [], [matches('type', 'm.room.member')]),
      rule(
        'is_user_mention',
        [NOTIFY, SOUND, HIGHLIGHT],
        [{ kind: 'event_property_contains', key: `${mention}.user_ids`, value: userId }],
      ),
      rule(
        'is_room_mention',
        [NOTIFY, HIGHLIGHT],
        [
          { kind: 'event_property_is', key: `${mention}.room`, value: true },
          { kind: 'sender_notification_permission', key: 'room' },
        ],
      ),
      rule('tombstone', [NOTIFY, HIGHLIGHT], [matches('type', 'm.room.tombstone'), matches('state_key', '')]),
      rule('reaction', [], [matches('type', 'm.reaction')]),
      rule('room.server_acl', [], [matches('type', 'm.room.server_acl'), matches('state_key', '')]),
      rule(
        'suppress_edits',
        [],
        [{ kind: 'event_property_is', key: 'content.m\\.relates_to.rel_type', value: 'm.replace' }],
      ),
    ],
    content: [],
    room: [],
    sender: [],
    underride: [
      rule('call', [NOTIFY, { set_tweak: 'sound', value: 'ring' }], [matches('type', 'm.call.invite')]),
      rule('encrypted_room_one_to_one', [NOTIFY, SOUND], [isTwo, matches('type', 'm.room.encrypted')]),
      rule('room_one_to_one', [NOTIFY, SOUND], [isTwo, matches('type', 'm.room.message')]),
      rule('message', [NOTIFY], [matches('type', 'm.room.message')]),
      rule('encrypted', [NOTIFY], [matches('type', 'm.room.encrypted')]),
    ],
  }
}
