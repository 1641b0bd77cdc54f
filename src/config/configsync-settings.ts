import { Type } from '@sinclair/typebox'
import { boot, runtime } from './declare'
import { oneOf, whole } from './shapes'

/** The settings of the encrypted snapshot store. */

const group = 'ConfigSync'
const GIB = 1_073_741_824

export const configsyncSettings = {
  configsync: boot(Type.Boolean({ default: true }), {
    group,
    description:
      'Whether `/api` and `/configsync/api` answer. An admin enables each account: `synapse configsync enable`.',
  }),
  'configsync.store': boot(oneOf('default', ['default', 'fs', 's3']), {
    group,
    description:
      'Where ciphertext is stored: `default` in the store of `blob_url`, `fs` in a folder (that of `blob_url`, or <home>/blobs), `s3` in the bucket below.',
  }),
  'configsync.s3_bucket': boot(Type.String(), {
    group,
    shownDefault: 'none',
    example: 'synapse-configsync',
    description: 'The bucket of `configsync.store` = `s3`.',
  }),
  'configsync.s3_endpoint': boot(Type.String(), {
    group,
    shownDefault: 'Amazon’s endpoint of the region',
    example: 'https://s3.example.org',
    description: 'The origin of its service, over HTTPS unless the host is on a private network.',
  }),
  'configsync.s3_region': boot(Type.String(), {
    group,
    shownDefault: 'none',
    example: 'eu-central-1',
    description: 'The region of the bucket.',
  }),
  'configsync.s3_prefix': boot(Type.String({ default: '' }), {
    group,
    description: 'A prefix of all names in the bucket.',
  }),
  'configsync.s3_virtual_hosted': boot(Type.Boolean({ default: false }), {
    group,
    description: 'Whether the bucket is a part of the host name, not of the path.',
  }),
  'configsync.s3_access_key_id': boot(Type.String(), {
    group,
    secret: 'whole',
    shownDefault: 'none',
    description: 'The id of the access key for the bucket.',
  }),
  'configsync.s3_secret_access_key': boot(Type.String(), {
    group,
    secret: 'whole',
    shownDefault: 'none',
    description: 'The secret of the access key for the bucket.',
  }),
  'configsync.max_snapshot_bytes': runtime(whole(1024, GIB, 26_214_400), {
    group,
    description: 'The largest state of a machine, in encrypted bytes.',
  }),
  'configsync.max_version_bytes': runtime(whole(1024, GIB, 10_485_760), {
    group,
    description: 'The largest version of an entity, in encrypted bytes.',
  }),
  'configsync.user_quota_bytes': runtime(whole(0, 1024 * GIB, GIB), {
    group,
    description:
      'Bytes of everything that one account stores; `synapse configsync quota` sets another number for an account.',
  }),
  'configsync.max_machines': runtime(whole(0, 100_000, 10), {
    group,
    description:
      'Machines of one account; 0 = without a limit. The same command sets another number for an account.',
  }),
  'configsync.keep_snapshots': runtime(whole(1, 100_000, 50), {
    group,
    description:
      'States that are kept of each machine. Those of the last 24 hours are kept besides, while the quota allows.',
  }),
  'configsync.keep_versions': runtime(whole(1, 100_000, 100), {
    group,
    description: 'Versions that are kept of each entity.',
  }),
  'configsync.keep_deleted_days': runtime(whole(0, 3650, 30), {
    group,
    description: 'Days after which a deleted entity is removed with its versions, keys and variables.',
  }),
  'configsync.audit_keep_days': runtime(whole(1, 36_500, 365), {
    group,
    description: 'Days for which `synapse configsync audit` shows what happened.',
  }),
  'configsync.store_metadata': runtime(Type.Boolean({ default: false }), {
    group,
    description:
      'Whether the metadata of a state is stored. It is not encrypted: paths, repository URLs, package names and values of variables.',
  }),
  'configsync.jwt_ttl_s': runtime(whole(300, 86_400, 3600), {
    group,
    description: 'Seconds until a login at `/api/auth/login` expires.',
  }),
}
