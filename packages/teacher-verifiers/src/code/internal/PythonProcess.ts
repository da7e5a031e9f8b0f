/** One sandboxed Python and the frames to and from it. */
import { randomBytes } from "node:crypto"

import * as Effect from "effect/Effect"

import { decodeValue } from "./PythonFrame.ts"
import type { LaunchPython, PythonVessel } from "./PythonVessel.ts"

/** How a process is started, and how much it may say. */
export interface PythonCommand {
  readonly launch: LaunchPython
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
 * - `failed`: could not be started, or what had started it has ended.
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

/**
 * Starts the process; it is ready when {@link PythonProcess.reply} gives the frame `!`. Every frame to it
 * carries a new nonce, and one frame with that nonce must come back: a missing, second or foreign one ends
 * the process.
 */
export class PythonProcess {
  private readonly vessel: PythonVessel
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
  private readonly onEnd: Array<() => void> = []

  constructor(command: PythonCommand) {
    this.command = command
    this.vessel = command.launch({
      onChannel: (data) => this.onData(data),
      onOutput: (data) => {
        this.output.push(data)
        this.countOutput(data)
      },
      onErrorText: (data) => {
        this.errorText = (this.errorText + data.toString("latin1")).slice(-keptErrorText)
        this.countOutput(data)
      },
      onEnd: ({ code, detail, isStarted }) =>
        this.finish(
          isStarted ? (this.killedFor ?? "left") : "failed",
          code,
          `${this.errorText}\n${detail}`.trim()
        )
    })
  }

  /** Whether it has ended. */
  get isEnded(): boolean {
    return this.ended !== undefined
  }

  /** Why it can not be blamed on the program that it has ended, if so. */
  get fault(): string | undefined {
    return this.ended?.reason === "failed" ? this.ended.detail : undefined
  }

  /** stdout so far. */
  get stdout(): string {
    return Buffer.concat(this.output).toString("utf8")
  }

  /** Whether this process keeps Node's alive. */
  hold(isHeld: boolean): void {
    this.vessel.hold(isHeld)
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
      this.vessel.write(Buffer.concat([head, this.nonce, Buffer.from(kind, "latin1"), payload]))
      return this.reply
    })
  }

  /** Lets it end by itself, so that nothing that it has said is lost, and waits for that. */
  readonly finished: Effect.Effect<Ending> = Effect.suspend(() => {
    this.isAsked = false
    if (this.pending.length > 0) this.kill("protocol")
    this.vessel.finish()
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

  private kill(reason: Ending["reason"]): void {
    if (this.ended !== undefined) return
    this.killedFor ??= reason
    this.vessel.kill()
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
