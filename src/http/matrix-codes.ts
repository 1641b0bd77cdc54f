/** The refusals of the administration of the Matrix homeserver. They exist only with one. */
import type { ErrorCode } from './unfixed-codes'

export const matrixCodes: readonly ErrorCode[] = [
  {
    code: 'invalid_username',
    status: 400,
    detail: '',
    remark: 'The text names the rule. Only while this server is a Matrix homeserver.',
  },
  {
    code: 'invalid_registration_token',
    status: 400,
    detail: '',
    remark: 'The text names the rule. Only while this server is a Matrix homeserver.',
  },
  {
    code: 'invalid_key_file',
    status: 400,
    detail: '',
    remark:
      'It must have one line: `ed25519 <version> <seed>`. Only while this server is a Matrix homeserver.',
  },
  {
    code: 'invalid_media_uri',
    status: 400,
    detail: '',
    remark: 'The text says why. Only while this server is a Matrix homeserver.',
  },
  {
    code: 'room_of_channel',
    status: 400,
    detail: '',
    remark: 'Archive the channel instead. Only while this server is a Matrix homeserver.',
  },
  {
    code: 'room_of_matrix',
    status: 400,
    detail: '',
    remark:
      'The room was made over Matrix, so there is nothing to make it from. Only while this server is a Matrix homeserver.',
  },
  {
    code: 'alias_of_channel',
    status: 403,
    detail: '',
    remark: 'A channel keeps its alias. Only while this server is a Matrix homeserver.',
  },
  {
    code: 'registration_token_not_found',
    status: 404,
    detail: '',
    remark: 'Only while this server is a Matrix homeserver.',
  },
  {
    code: 'media_not_found',
    status: 404,
    detail: '',
    remark: 'Only while this server is a Matrix homeserver.',
  },
  {
    code: 'alias_not_found',
    status: 404,
    detail: '',
    remark: 'Only while this server is a Matrix homeserver.',
  },
  {
    code: 'registration_token_exists',
    status: 409,
    detail: '',
    remark: 'Only while this server is a Matrix homeserver.',
  },
  {
    code: 'key_exists',
    status: 409,
    detail: '',
    remark: 'A key never signs again. Only while this server is a Matrix homeserver.',
  },
  {
    code: 'device_of_token',
    status: 409,
    detail: '',
    remark: 'Revoke the token of the agent instead. Only while this server is a Matrix homeserver.',
  },
  {
    code: 'room_has_readers',
    status: 409,
    detail: '',
    remark: 'Sign the members out of Matrix first. Only while this server is a Matrix homeserver.',
  },
  { code: 'alias_taken', status: 409, detail: '', remark: 'Only while this server is a Matrix homeserver.' },
]
