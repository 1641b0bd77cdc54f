import type { AccountDataWrites } from './account-data-ports'
import type { CompanionReads, CompanionWrites } from './companion-ports'
import type { DeviceKeyReads, DeviceKeyWrites } from './device-key-ports'
import type { DeviceReads, DeviceWrites } from './device-ports'
import type { EventReads, EventWrites } from './event-ports'
import type { HistoryReads } from './history-ports'
import type { KeyReads, KeyWrites } from './key-ports'
import type { MediaReads, MediaWrites } from './media-ports'
import type { PlaceReads } from './place-ports'
import type { PusherReads, PusherWrites } from './pusher-ports'
import type { ReceiptReads, ReceiptWrites } from './receipt-ports'
import type { RegistrationReads, RegistrationWrites } from './registration-ports'
import type { ReportReads, ReportWrites } from './report-ports'
import type { RoomPageReads } from './room-page-ports'
import type { RoomReads, RoomWrites } from './room-ports'
import type { SecretReads, SecretWrites } from './secret-ports'
import type { SyncReads } from './sync-ports'
import type { ThumbReads, ThumbWrites } from './thumb-ports'
import type { TotalReads } from './total-ports'
import type { UnreadReads } from './unread-ports'
import type { UserReads, UserWrites } from './user-ports'

/** What the Matrix homeserver reads from the store. */
export interface MatrixReads
  extends UserReads,
    RoomReads,
    RoomPageReads,
    EventReads,
    HistoryReads,
    ReceiptReads,
    SyncReads,
    UnreadReads,
    PusherReads,
    CompanionReads,
    DeviceReads,
    DeviceKeyReads,
    SecretReads,
    MediaReads,
    ThumbReads,
    KeyReads,
    PlaceReads,
    ReportReads,
    RegistrationReads,
    TotalReads {}

/** What it writes, in the transaction of an act. */
export interface MatrixWrites
  extends MatrixReads,
    UserWrites,
    RoomWrites,
    EventWrites,
    ReceiptWrites,
    PusherWrites,
    CompanionWrites,
    DeviceWrites,
    DeviceKeyWrites,
    AccountDataWrites,
    ReportWrites,
    SecretWrites,
    MediaWrites,
    ThumbWrites,
    KeyWrites,
    RegistrationWrites {}
