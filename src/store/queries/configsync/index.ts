/**
 * The queries of the encrypted snapshot store. This folder may import what src/store may.
 * Each file has the queries of one kind of thing; every query names the user.
 * Start reading at users.ts.
 */
import type { ConfigSyncReads, ConfigSyncWrites } from '../../../core/configsync/ports'
import type { Handle, Stamp } from '../../database'
import { auditReads, auditWrites } from './audit'
import { blobReads, blobWrites } from './blobs'
import { entityReads, entityWrites } from './entities'
import { keypairReads, keypairWrites } from './keypairs'
import { machineReads, machineWrites } from './machines'
import { purgeWrites } from './purge'
import { transferReads, transferWrites } from './transfer'
import { userReads, userWrites } from './users'
import { variableReads, variableWrites } from './variables'

export function configSyncReads(handle: Handle): ConfigSyncReads {
  return {
    ...userReads(handle),
    ...keypairReads(handle),
    ...auditReads(handle),
    ...machineReads(handle),
    ...entityReads(handle),
    ...variableReads(handle),
    ...blobReads(handle),
    ...transferReads(handle),
  }
}

export function configSyncWrites(handle: Handle, stamp: Stamp): ConfigSyncWrites {
  return {
    ...configSyncReads(handle),
    ...userWrites(handle, stamp),
    ...keypairWrites(handle, stamp),
    ...machineWrites(handle, stamp),
    ...auditWrites(handle, stamp),
    ...purgeWrites(handle),
    ...entityWrites(handle, stamp),
    ...variableWrites(handle, stamp),
    ...blobWrites(handle, stamp),
    ...transferWrites(handle, stamp),
  }
}
