import {
  areaOfKey,
  type BlobArea,
  type BlobBody,
  type BlobKey,
  type BlobState,
  type Blobs,
  type ByteRange,
  type ReceivedBlob,
  type StoredBlob,
} from '../core/kernel/blobs'

/** Blobs of which those of one area have a store of their own. */
export class BlobsByArea implements Blobs {
  constructor(
    private readonly area: BlobArea,
    private readonly own: Blobs,
    private readonly others: Blobs,
  ) {}

  receive(area: BlobArea, bytes: AsyncIterable<Uint8Array>): Promise<ReceivedBlob> {
    return this.of(area).receive(area, bytes)
  }

  open(key: BlobKey, size: number, range?: ByteRange): Promise<BlobBody | undefined> {
    return this.of(areaOfKey(key)).open(key, size, range)
  }

  has(key: BlobKey, size: number): Promise<boolean> {
    return this.of(areaOfKey(key)).has(key, size)
  }

  check(key: BlobKey, size: number): Promise<BlobState> {
    return this.of(areaOfKey(key)).check(key, size)
  }

  remove(key: BlobKey): Promise<void> {
    return this.of(areaOfKey(key)).remove(key)
  }

  list(area: BlobArea): AsyncIterable<readonly StoredBlob[]> {
    return this.of(area).list(area)
  }

  async clean(age: number): Promise<void> {
    await this.own.clean(age)
    await this.others.clean(age)
  }

  private of(area: string): Blobs {
    return area === this.area ? this.own : this.others
  }
}
