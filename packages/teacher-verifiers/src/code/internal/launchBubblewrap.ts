/** A bubblewrap for every process. */
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { Socket } from "node:net"

import { channelDescriptor, filterDescriptor, infoDescriptor } from "./bubblewrap.ts"
import type { LaunchPython } from "./PythonVessel.ts"

/** What is run. */
export interface BubblewrapCommand {
  readonly file: string
  readonly args: ReadonlyArray<string>
}

/** How long bubblewrap may take to leave when what it watches over is gone. */
const patienceMillis = 2000

/** Root runs the sandbox as nobody: the number of processes is not limited for root. */
export const nobody = 65_534

const signalKill = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // it has gone by itself, and "close" is under way
  }
}

/** bubblewrap with a channel, and further descriptors as pipes. */
export class BubblewrapChild {
  readonly child: ChildProcess
  private hasEnded = false
  /** The first process inside, as the host numbers it; bubblewrap itself waits outside. */
  private insidePid: number | undefined

  constructor(command: BubblewrapCommand, filter: Uint8Array | undefined) {
    const isRoot = process.getuid?.() === 0
    this.child = spawn(command.file, command.args, {
      // whoever reads the launcher's environment in /proc finds nothing
      env: {},
      cwd: "/",
      // a process group of its own, to be killed as one
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "pipe"],
      ...(isRoot ? { uid: nobody, gid: nobody } : {})
    })
    for (const socket of this.sockets) {
      // that the other side is gone is told by "close"
      socket.on("error", () => {})
    }
    this.child.on("close", () => {
      this.hasEnded = true
    })
    const filterStream = this.stream(filterDescriptor)
    if (filter === undefined) filterStream?.end()
    else filterStream?.end(filter)
    let info = ""
    this.stream(infoDescriptor)?.on("data", (data: Buffer) => {
      info += data.toString("latin1")
      const pid = /"child-pid":\s*(\d+)/.exec(info)?.[1]
      if (pid !== undefined) this.insidePid = Number(pid)
    })
  }

  get channel(): Socket | undefined {
    return this.stream(channelDescriptor)
  }

  hold(isHeld: boolean): void {
    if (isHeld) this.child.ref()
    else this.child.unref()
    for (const socket of this.sockets) {
      // Node would wait for a closed one to connect
      if (socket.destroyed) continue
      if (isHeld) socket.ref()
      else socket.unref()
    }
  }

  kill(): void {
    const { pid } = this.child
    if (this.hasEnded || pid === undefined) return
    if (this.insidePid === undefined) signalKill(-pid)
    else {
      // with the first process all others inside die; bubblewrap sees it, clears up and leaves
      signalKill(this.insidePid)
      setTimeout(() => {
        if (!this.hasEnded) signalKill(-pid)
      }, patienceMillis).unref()
    }
    this.channel?.destroy()
  }

  private get sockets(): ReadonlyArray<Socket> {
    return this.child.stdio.filter((each) => each instanceof Socket)
  }

  private stream(descriptor: number): Socket | undefined {
    const stream = this.child.stdio[descriptor]
    return stream instanceof Socket ? stream : undefined
  }
}

/** Launches the command with the system-call filter. */
export const launchBubblewrap =
  (command: BubblewrapCommand, filter: Uint8Array): LaunchPython =>
  (events) => {
    const box = new BubblewrapChild(command, filter)
    const { child } = box
    child.on("error", (error) =>
      events.onEnd({ isStarted: false, code: null, detail: error.message })
    )
    child.on("close", (code) => events.onEnd({ isStarted: true, code, detail: "" }))
    child.stdout?.on("data", events.onOutput)
    child.stderr?.on("data", events.onErrorText)
    box.channel?.on("data", events.onChannel)
    return {
      write: (data) => box.channel?.write(data),
      finish: () => box.channel?.end(),
      kill: () => box.kill(),
      hold: (isHeld) => box.hold(isHeld)
    }
  }
