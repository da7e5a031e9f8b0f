/** One sandboxed Python and the frames to and from it. */
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { randomBytes } from "node:crypto"
import { Socket } from "node:net"

import * as Effect from "effect/Effect"

import { channelDescriptor, filterDescriptor, infoDescriptor } from "./bubblewrap.ts"
import { decodeValue } from "./PythonFrame.ts"

/** What is run, and how much it may say. */
export interface PythonCommand {
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly filter: Uint8Array
  /** stdout and stderr together. */
  readonly outputBytes: number
  /** Longest frame from the process. */
  readonly frameBytes: number
}

/**
 * Why there is no more to come.
 *
 * - `left`: ended by itself; `code` is bubblewrap's, 128 + n for signal n.
 * - `late`, `flood`: was killed after its time, after too much output.
 * - `protocol`: was killed because it sent what nobody asked for.
 * - `failed`: could not be started.
 * - `stopped`: was killed because nobody needs it any more.
 */
export interface Ending {
  readonly reason: "left" | "late" | "flood" | "protocol" | "failed" | "stopped"
  readonly code: number | null
  readonly detail: string
}

/** The answer to one frame, or that there will be none. */
export type Reply =
  | { readonly _tag: "Frame"; readonly kind: string; readonly payload: Buffer }
  | { readonly _tag: "Ended"; readonly ending: Ending }

const nonceBytes = 8
const prefixBytes = nonceBytes + 1
const keptErrorText = 4000

/** How long bubblewrap may take to leave when what it watches over is gone. */
const patienceMillis = 2000

const signalKill = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // it has gone by itself, and "close" is under way
  }
}

/** Root runs the sandbox as nobody: the number of processes is not limited for root. */
const nobody = 65_534

/**
 * Starts the process; it is ready when {@link PythonProcess.reply} gives the frame `!`. Every frame to it
 * carries a new nonce, and one frame with that nonce must come back: a missing, second or foreign one ends
 * the process.
 */
export class PythonProcess {
  private readonly child: ChildProcess
  private readonly command: PythonCommand
  private nonce: Buffer = Buffer.alloc(nonceBytes)
  private isAsked = true
  private isReady = false
  private ended: Ending | undefined
  private killedFor: Ending["reason"] | undefined
  private waiting: ((reply: Reply) => void) | undefined
  private arrived: Reply | undefined
  private pending: Buffer = Buffer.alloc(0)
  private readonly output: Array<Buffer> = []
  private outputSize = 0
  private errorText = ""
  private timer: NodeJS.Timeout | undefined
  /** The first process inside, as the host numbers it; bubblewrap itself waits outside. */
  private insidePid: number | undefined
  private readonly onEnd: Array<() => void> = []

  constructor(command: PythonCommand) {
    this.command = command
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
    this.child.on("error", (error) => this.finish("failed", null, error.message))
    this.child.on("close", (code) =>
      this.finish(this.killedFor ?? "left", code, this.errorText.trim())
    )
    this.child.stdout?.on("data", (data: Buffer) => {
      this.output.push(data)
      this.countOutput(data)
    })
    this.child.stderr?.on("data", (data: Buffer) => {
      this.errorText = (this.errorText + data.toString("latin1")).slice(-keptErrorText)
      this.countOutput(data)
    })
    for (const socket of this.sockets) {
      // that the other side is gone is told by "close"
      socket.on("error", () => {})
    }
    this.stream(channelDescriptor)?.on("data", (data: Buffer) => this.onData(data))
    this.stream(filterDescriptor)?.end(command.filter)
    let info = ""
    this.stream(infoDescriptor)?.on("data", (data: Buffer) => {
      info += data.toString("latin1")
      const pid = /"child-pid":\s*(\d+)/.exec(info)?.[1]
      if (pid !== undefined) this.insidePid = Number(pid)
    })
  }

  /** Whether it has ended. */
  get isEnded(): boolean {
    return this.ended !== undefined
  }

  /** stdout so far. */
  get stdout(): string {
    return Buffer.concat(this.output).toString("utf8")
  }

  /** Whether this process keeps Node's alive. */
  hold(isHeld: boolean): void {
    if (isHeld) this.child.ref()
    else this.child.unref()
    for (const socket of this.sockets) {
      if (isHeld) socket.ref()
      else socket.unref()
    }
  }

  /** From now on it has `millis` left. */
  limitTime(millis: number): void {
    clearTimeout(this.timer)
    // a timer of the platform, not of the Effect clock: a test clock must not stop the kill
    this.timer = setTimeout(() => this.kill("late"), millis)
  }

  /** The next frame, or the end. */
  readonly reply: Effect.Effect<Reply> = Effect.callback((resume) => {
    if (this.arrived !== undefined) {
      const reply = this.arrived
      this.arrived = undefined
      resume(Effect.succeed(reply))
    } else if (this.ended !== undefined) {
      resume(Effect.succeed({ _tag: "Ended", ending: this.ended }))
    } else {
      this.waiting = (reply) => resume(Effect.succeed(reply))
    }
  })

  /** Its version of Python once it is ready, or the end. */
  readonly greeting: Effect.Effect<
    | { readonly _tag: "Ready"; readonly version: string }
    | { readonly _tag: "Ended"; readonly ending: Ending }
  > = Effect.map(
    Effect.suspend(() => this.reply),
    (reply) => {
      if (reply._tag === "Ended") return reply
      const version = decodeValue(reply.payload)
      return { _tag: "Ready", version: version.type === "string" ? version.text : "?" }
    }
  )

  /** Sends a frame and waits for the one that answers it. */
  ask(kind: string, payload: Buffer): Effect.Effect<Reply> {
    return Effect.suspend(() => {
      // something came before it was asked for
      if (this.pending.length > 0) this.kill("protocol")
      this.isAsked = true
      this.nonce = randomBytes(nonceBytes)
      const head = Buffer.alloc(4)
      head.writeUInt32BE(prefixBytes + payload.length)
      this.stream(channelDescriptor)?.write(
        Buffer.concat([head, this.nonce, Buffer.from(kind, "latin1"), payload])
      )
      return this.reply
    })
  }

  /** Lets it end by itself, so that nothing that it has said is lost, and waits for that. */
  readonly finished: Effect.Effect<Ending> = Effect.suspend(() => {
    this.isAsked = false
    if (this.pending.length > 0) this.kill("protocol")
    this.stream(channelDescriptor)?.end()
    return this.end
  })

  /** Kills it and waits until it is gone. */
  readonly stopped: Effect.Effect<void> = Effect.suspend(() => {
    this.hold(true)
    this.kill("stopped")
    return Effect.asVoid(this.end)
  })

  private readonly end: Effect.Effect<Ending> = Effect.callback((resume) => {
    const done = () => {
      if (this.ended !== undefined) resume(Effect.succeed(this.ended))
    }
    if (this.ended === undefined) this.onEnd.push(done)
    else done()
  })

  private get sockets(): ReadonlyArray<Socket> {
    return this.child.stdio.filter((each) => each instanceof Socket)
  }

  private stream(descriptor: number): Socket | undefined {
    const stream = this.child.stdio[descriptor]
    return stream instanceof Socket ? stream : undefined
  }

  private kill(reason: Ending["reason"]): void {
    if (this.ended !== undefined) return
    this.killedFor ??= reason
    const { pid } = this.child
    if (pid === undefined) return
    if (this.insidePid === undefined) signalKill(-pid)
    else {
      // with the first process all others inside die; bubblewrap sees it, clears up and leaves
      signalKill(this.insidePid)
      setTimeout(() => {
        if (this.ended === undefined) signalKill(-pid)
      }, patienceMillis).unref()
    }
    this.stream(channelDescriptor)?.destroy()
  }

  private countOutput(data: Buffer): void {
    this.outputSize += data.length
    if (this.outputSize > this.command.outputBytes) this.kill("flood")
  }

  private onData(data: Buffer): void {
    this.pending = this.pending.length === 0 ? data : Buffer.concat([this.pending, data])
    if (this.pending.length < 4) return
    const size = this.pending.readUInt32BE()
    if (!this.isAsked || size < prefixBytes || size > this.command.frameBytes + prefixBytes) {
      this.kill("protocol")
      return
    }
    if (this.pending.length < 4 + size) return
    const frame = this.pending.subarray(4, 4 + size)
    this.pending = this.pending.subarray(4 + size)
    if (!frame.subarray(0, nonceBytes).equals(this.nonce) || this.pending.length > 0) {
      this.kill("protocol")
      return
    }
    this.isAsked = false
    if (!this.isReady) {
      this.isReady = true
      // it may wait for long until it gets work
      clearTimeout(this.timer)
    }
    this.tell({
      _tag: "Frame",
      kind: frame.toString("latin1", nonceBytes, prefixBytes),
      payload: frame.subarray(prefixBytes)
    })
  }

  private tell(reply: Reply): void {
    const { waiting } = this
    this.waiting = undefined
    if (waiting === undefined) this.arrived = reply
    else waiting(reply)
  }

  private finish(reason: Ending["reason"], code: number | null, detail: string): void {
    if (this.ended !== undefined) return
    clearTimeout(this.timer)
    this.ended = { reason, code, detail }
    const { waiting } = this
    this.waiting = undefined
    waiting?.({ _tag: "Ended", ending: this.ended })
    for (const each of this.onEnd) each()
  }
}
