/** One bubblewrap in which a Python forks itself for every process, which is quicker than starting one. */
import { randomBytes } from "node:crypto"
import { chownSync, mkdtempSync, rmSync } from "node:fs"
import type { Server, Socket } from "node:net"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

import type { BubblewrapCommand } from "./launchBubblewrap.ts"
import { BubblewrapChild, nobody } from "./launchBubblewrap.ts"
import type { LaunchPython, PythonVessel, VesselEvents } from "./PythonVessel.ts"

/** What a process says first on each of its connections: what it is for, and whose it is. */
const greeting = /^([cxoe])([\da-f]{32})\n/

const connectionCount = 4

/** A process of the zygote, as far as it is known here. */
class Job {
  readonly events: VesselEvents
  channel: Socket | undefined
  readonly sockets: Array<Socket> = []
  closed = 0
  code: number | null = null
  isHeld = true
  hasEnded = false
  constructor(events: VesselEvents) {
    this.events = events
  }
  end(isStarted: boolean, detail: string): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.events.onEnd({ isStarted, code: this.code, detail })
  }
}

/** Starts with the constructor; `commandFor` gets the folder in which the socket lies. */
export class PythonZygote {
  private readonly folder: string
  private readonly server: Server
  private readonly jobs = new Map<string, Job>()
  private box: BubblewrapChild | undefined
  private isOver = false
  private readonly onExit = () => this.shut("Node ends")

  constructor(commandFor: (folder: string) => BubblewrapCommand) {
    this.folder = mkdtempSync(join(tmpdir(), "sml-python-"))
    if (process.getuid?.() === 0) chownSync(this.folder, nobody, nobody)
    const socket = join(this.folder, "socket")
    this.server = createServer((connection) => this.onConnection(connection))
    this.server.on("error", (error) => this.shut(error.message))
    this.server.listen(socket, () => {
      if (this.isOver) return
      if (process.getuid?.() === 0) chownSync(socket, nobody, nobody)
      const box = new BubblewrapChild(commandFor(this.folder), undefined)
      this.box = box
      let said = ""
      box.child.stderr?.on("data", (data: Buffer) => {
        said = (said + data.toString("latin1")).slice(-4000)
      })
      box.child.stdout?.resume()
      box.child.on("error", (error) => this.shut(error.message))
      box.child.on("close", () => this.shut(said.trim()))
      box.hold(false)
      for (const id of this.jobs.keys()) this.order("s", id)
    })
    this.server.unref()
    process.on("exit", this.onExit)
  }

  /** Whether it can start no more. */
  get hasEnded(): boolean {
    return this.isOver
  }

  /** Launches a process. */
  readonly launch: LaunchPython = (events) => {
    // nobody else can say that he is this one
    const id = randomBytes(16).toString("hex")
    const job = new Job(events)
    if (this.isOver) {
      setImmediate(() => job.end(false, "the process that starts others has ended"))
    } else {
      this.jobs.set(id, job)
      this.order("s", id)
    }
    const vessel: PythonVessel = {
      write: (data) => job.channel?.write(data),
      finish: () => job.channel?.end(),
      kill: () => {
        if (job.hasEnded) return
        this.order("k", id)
        // it has never come to be
        if (job.sockets.length === 0) this.forget(id, job)
      },
      hold: (isHeld) => {
        job.isHeld = isHeld
        for (const socket of job.sockets) holdSocket(socket, isHeld)
        this.holdAll()
      }
    }
    this.holdAll()
    return vessel
  }

  /** Ends it, with all its processes, and waits until it is gone. */
  close(): Promise<void> {
    this.shut("closed")
    const child = this.box?.child
    return child === undefined || child.exitCode !== null || child.signalCode !== null
      ? Promise.resolve()
      : new Promise((resolve) => {
          child.once("close", () => resolve())
          this.box?.hold(true)
        })
  }

  private readonly shut = (detail: string): void => {
    if (this.isOver) return
    this.isOver = true
    process.off("exit", this.onExit)
    this.box?.kill()
    this.server.close()
    for (const job of this.jobs.values()) {
      for (const socket of job.sockets) socket.destroy()
      // whatever its program was doing: it was not the program that ended
      job.end(false, detail)
    }
    this.jobs.clear()
    rmSync(this.folder, { recursive: true, force: true })
  }

  private forget(id: string, job: Job): void {
    this.jobs.delete(id)
    this.order("d", id)
    job.end(job.sockets.length === connectionCount, "did not start")
    this.holdAll()
  }

  private order(order: string, id: string): void {
    this.box?.channel?.write(`${order} ${id}\n`)
  }

  /** Node lives on while one of the processes is held. */
  private holdAll(): void {
    if (!this.isOver) this.box?.hold([...this.jobs.values()].some((job) => job.isHeld))
  }

  private onConnection(socket: Socket): void {
    // that the other side is gone is told by "close"
    socket.on("error", () => {})
    let early = ""
    const onData = (data: Buffer) => {
      early += data.toString("latin1")
      const [match, kind, id = ""] = greeting.exec(early) ?? []
      if (match === undefined) {
        if (early.length > 40) socket.destroy()
        return
      }
      socket.off("data", onData)
      const job = this.jobs.get(id)
      if (job === undefined || job.sockets.length === connectionCount) {
        socket.destroy()
        return
      }
      const rest = Buffer.from(early.slice(match.length), "latin1")
      this.attach(socket, kind, id, job)
      if (rest.length > 0) socket.emit("data", rest)
    }
    socket.on("data", onData)
  }

  private attach(socket: Socket, kind: string | undefined, id: string, job: Job): void {
    job.sockets.push(socket)
    holdSocket(socket, job.isHeld)
    const { events } = job
    switch (kind) {
      case "c":
        job.channel = socket
        socket.on("data", events.onChannel)
        break
      case "o":
        socket.on("data", events.onOutput)
        break
      case "e":
        socket.on("data", events.onErrorText)
        break
      default:
        socket.on("data", (data: Buffer) => {
          job.code = data.at(-1) ?? null
        })
    }
    socket.on("close", () => {
      job.closed++
      if (job.closed === job.sockets.length) this.forget(id, job)
    })
  }
}

const holdSocket = (socket: Socket, isHeld: boolean): void => {
  // Node would wait for a closed one to connect
  if (socket.destroyed) return
  if (isHeld) socket.ref()
  else socket.unref()
}
