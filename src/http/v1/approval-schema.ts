import { APPROVAL_STATES } from '../../core/kernel/approval-ports'
import { named, nullable, oneOf, Type } from '../schema'
import { instant } from './common-schemas'

const handle = Type.String()

/** The shape of an approval, also within its message. */
export const approvalSchema = named(
  'Approval',
  Type.Object({
    id: Type.String({ format: 'uuid' }),
    message_id: Type.String({ format: 'uuid' }),
    channel: Type.String(),
    thread_id: nullable(Type.String({ format: 'uuid' })),
    question: Type.String({ description: 'Body of the message; empty if it was deleted' }),
    options: Type.Array(Type.Object({ id: Type.String(), label: Type.String() })),
    approvers: nullable(
      Type.Array(handle, { description: 'Null: every person among the members who may post' }),
    ),
    requested_by: handle,
    state: oneOf(APPROVAL_STATES),
    decision: nullable(
      Type.Object({
        option: Type.String({ description: 'Id of the option' }),
        label: Type.String(),
        by: handle,
        at: instant,
        note: nullable(Type.String()),
      }),
    ),
    created_at: instant,
    expires_at: instant,
    metadata: Type.Object({}, { additionalProperties: true }),
  }),
)
