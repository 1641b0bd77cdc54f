import type { BlobKey } from '../kernel/blobs'
import type { Micros } from '../kernel/time'

/** A file of an `mxc://` URI, uploaded over Matrix. Attachments of messages have URIs too, and no row here. */
export interface Media {
  readonly mediaId: string
  /** Who uploaded it; null: the server itself, for a preview. */
  readonly accountId: number | null
  /** Null until the bytes are uploaded. */
  readonly blob: BlobKey | null
  readonly mime: string
  readonly name: string | null
  readonly size: number
  /** Until when the bytes may be uploaded; null once they are. */
  readonly pendingUntil: Micros | null
  /** An admin has blocked it: for everybody it looks as if it did not exist. */
  readonly isQuarantined: boolean
}

/** The bytes of a file and what its upload says of them. */
export type UploadedMedia = Pick<Media, 'mime' | 'name' | 'size'> & { readonly blob: BlobKey }

export interface MediaUsage {
  readonly files: number
  readonly bytes: number
}

/** What a value of account data is found by. */
export interface AccountDataKey {
  readonly accountId: number
  readonly channelId: number
  readonly type: string
}

export interface MediaReads {
  media(mediaId: string): Promise<Media | undefined>
  /** Bytes of all files that an account uploaded. */
  mediaBytes(accountId: number): Promise<number>
  /** How many files an account uploaded, and their bytes. */
  mediaUsage(accountId: number): Promise<MediaUsage>
  /** The accounts that have uploaded something, by account; `after` is the last one of the previous page. */
  mediaUsages(page: {
    readonly after: number
    readonly limit: number
  }): Promise<(MediaUsage & { readonly accountId: number })[]>
  /**
   * The files uploaded before a time, by media id; `after` is the last one of the previous page. `copiesOnly`: only those
   * that the server has copied for previews.
   */
  mediaBefore(
    before: Micros,
    page: { readonly after: string; readonly limit: number; readonly copiesOnly?: boolean },
  ): Promise<Pick<Media, 'mediaId' | 'size'>[]>
  /** The events with URIs of files, in the order of their inner ids. */
  eventsWithMedia(page: {
    readonly after: number
    readonly limit: number
  }): Promise<{ readonly id: number; readonly json: string }[]>
  /** The account data with URIs of files, in the order of their keys. */
  accountDataWithMedia(page: {
    readonly after: AccountDataKey
    readonly limit: number
  }): Promise<(AccountDataKey & { readonly json: string })[]>
  /** The profiles with URIs of files, by account. */
  profilesWithMedia(page: {
    readonly after: number
    readonly limit: number
  }): Promise<{ readonly accountId: number; readonly text: string }[]>
  /** The URIs of the pictures of all users and rooms. */
  avatars(): Promise<string[]>
  /** How many files of an account are reserved and not uploaded. */
  pendingMedia(accountId: number): Promise<number>
  /** Reports whether a URI is the avatar of a room in the directory of public rooms. */
  isPublishedAvatar(uri: string): Promise<boolean>
}

export interface MediaWrites {
  insertMedia(
    media: Pick<Media, 'mediaId' | 'accountId'> & { readonly server: string } & (
        | { readonly uploaded: UploadedMedia }
        | { readonly pendingUntil: Micros }
      ),
  ): Promise<void>
  /** Gives a reserved file its bytes. The file must be reserved. */
  completeMedia(mediaId: string, uploaded: UploadedMedia): Promise<void>
  /** Blocks a file in the name of an account; null lets it be read again. */
  quarantineMedia(mediaId: string, by: number | null): Promise<void>
  /** Deletes the reservations of an account that have ended by a time. */
  forgetPendingMedia(accountId: number, by: Micros): Promise<void>
}
