import { extname } from 'node:path'

/**
 * The file a `Worker` starts from, as seen by the module `moduleUrl` (its `import.meta.url`); `path` is relative and has
 * no extension. The sources run as `.ts` and what is built from them as `.js`: the compiler rewrites imports, but not
 * URLs, so the extension is taken from whoever asks.
 */
export function workerUrl(moduleUrl: string, path: string): URL {
  return new URL(path + extname(new URL(moduleUrl).pathname), moduleUrl)
}
