/** How a sandboxed process is reached, however it was started. */

/** What a process does. */
export interface VesselEvents {
  readonly onChannel: (data: Buffer) => void
  readonly onOutput: (data: Buffer) => void
  readonly onErrorText: (data: Buffer) => void
  /** Once, when it is gone and all that it has said was told; `isStarted` unless it could not be. */
  readonly onEnd: (end: {
    readonly isStarted: boolean
    readonly code: number | null
    readonly detail: string
  }) => void
}

/** A process that is being started, runs, or has ended. */
export interface PythonVessel {
  readonly write: (data: Buffer) => void
  /** No more will be written: the process ends by itself. */
  readonly finish: () => void
  /** Kills it and all that it has started. */
  readonly kill: () => void
  /** Whether it keeps Node's process alive. */
  readonly hold: (isHeld: boolean) => void
}

/** Starts a process. */
export type LaunchPython = (events: VesselEvents) => PythonVessel
