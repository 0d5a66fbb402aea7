/**
 * The two parts of undici that are used, by their file names: the package's index also loads fetch, WebSocket, the cache and the mocks
 * (measured: 4 MB and 75 ms more). The version is pinned in package.json, so the names do not move by themselves.
 */
declare module 'undici/lib/dispatcher/pool.js' {
  export { Pool as default } from 'undici'
}

declare module 'undici/lib/core/connect.js' {
  export { buildConnector as default } from 'undici'
}
