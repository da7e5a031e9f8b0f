/** A PostgreSQL server of a test's own, from Debian's package, on a free loopback port. */
import { execFileSync, spawn } from "node:child_process"
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

const packages = "/usr/lib/postgresql"

const programs = (): string | undefined =>
  existsSync(packages)
    ? readdirSync(packages)
        .map((version) => join(packages, version, "bin"))
        .find((folder) => existsSync(join(folder, "initdb")))
    : undefined

const idOf = (flag: string): number =>
  Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8", stdio: "pipe" }))

/** The server refuses to run as root, and does as the user that its package has made. */
const account = (): { readonly uid?: number; readonly gid?: number } | undefined => {
  if (process.getuid?.() !== 0) return {}
  try {
    return { uid: idOf("-u"), gid: idOf("-g") }
  } catch {
    return undefined
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() =>
        typeof address === "object" && address !== null
          ? resolve(address.port)
          : reject(new Error("no port"))
      )
    })
  })

/** A running server. */
export interface Postgres {
  /** Without the name of a database. */
  readonly url: string
  readonly createDatabase: (name: string) => void
  /** Runs a statement in a database given by its whole URL. */
  readonly execute: (database: string, statement: string) => void
  readonly stop: () => Promise<void>
}

/** Starts it; `undefined` where the package is absent. */
export const startPostgres = async (): Promise<Postgres | undefined> => {
  const bin = programs()
  const user = account()
  if (bin === undefined || user === undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), "sml-postgres-"))
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid)
  const data = join(folder, "data")
  const options = { ...user, cwd: folder, stdio: "pipe" } as const
  execFileSync(
    join(bin, "initdb"),
    ["-D", data, "-U", "sml", "-A", "trust", "-E", "UTF8", "--no-sync"],
    options
  )
  const port = await freePort()
  const server = spawn(
    join(bin, "postgres"),
    ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder, "-c", "fsync=off"],
    { ...user, cwd: folder, stdio: "ignore" }
  )
  const ended = new Promise<void>((resolve) => {
    server.on("exit", () => resolve())
  })
  const stop = async () => {
    server.kill("SIGQUIT")
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  const address = ["-h", "127.0.0.1", "-p", String(port), "-U", "sml"]
  const ready = async (tries: number): Promise<void> => {
    try {
      execFileSync(join(bin, "pg_isready"), address, options)
    } catch (error) {
      if (tries === 0 || server.exitCode !== null) {
        await stop()
        throw error
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
      await ready(tries - 1)
    }
  }
  await ready(100)
  return {
    url: `postgres://sml:canary-password@127.0.0.1:${port}/`,
    createDatabase: (name) => {
      execFileSync(join(bin, "createdb"), [...address, name], options)
    },
    execute: (database, statement) => {
      execFileSync(join(bin, "psql"), [database, "-c", statement], options)
    },
    stop
  }
}
