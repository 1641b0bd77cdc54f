import manifest from '../../package.json' with { type: 'json' }

declare const BUILD_VERSION: string | undefined
declare const BUILD_COMMIT: string | undefined

/** The version of this program: fixed when it was compiled, from source that of package.json. */
export const VERSION = typeof BUILD_VERSION === 'string' ? BUILD_VERSION : manifest.version

/** The commit it was compiled from; empty from source and where there was no repository. */
export const COMMIT = typeof BUILD_COMMIT === 'string' ? BUILD_COMMIT : ''
