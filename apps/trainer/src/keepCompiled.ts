/** Node's cache of compiled modules. Imports next to nothing: it is wanted before everything else. */
import { existsSync } from "node:fs"
import { enableCompileCache } from "node:module"
import { homedir } from "node:os"
import { join } from "node:path"

/**
 * Lets Node keep what it compiles from now on, for the next time: in `~/.cache/sml/compile`, unless
 * `NODE_COMPILE_CACHE` says where. Without a home everything is compiled anew.
 */
export const keepCompiled = (): void => {
  let home: string
  try {
    home = homedir()
  } catch {
    // a user without an entry in the system's list, and no HOME
    return
  }
  // a home that is not there is not made; a folder that cannot be made is not used, without a word
  if (existsSync(home)) enableCompileCache(join(home, ".cache", "sml", "compile"))
}
