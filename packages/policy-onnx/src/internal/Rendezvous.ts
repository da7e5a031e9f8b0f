/** Where the threads of one engine wait for each other. */

// of the memory's numbers
const arrived = 0
const meeting = 1
const broken = 2
const firstTold = 3

/**
 * The lanes of one engine, which are threads, meet here: each says a number and hears those of all.
 * Waiting blocks the thread.
 *
 * @example
 * ```ts no-run
 * const memory = Rendezvous.memory(2)
 * // in the thread of lane 0; lane 1 says 5
 * const [mine, other] = new Rendezvous(memory, 0).meet(4) // 4, 5
 * ```
 */
export class Rendezvous {
  readonly lane: number
  readonly lanes: number
  readonly #memory: Int32Array

  /** What the lanes share. */
  static readonly memory = (lanes: number): SharedArrayBuffer =>
    new SharedArrayBuffer((firstTold + 2 * lanes) * Int32Array.BYTES_PER_ELEMENT)

  constructor(memory: SharedArrayBuffer, lane: number) {
    this.#memory = new Int32Array(memory)
    this.lane = lane
    this.lanes = (this.#memory.length - firstTold) / 2
  }

  /** Returns when every lane has called it as often as this one: what each has told, in their order. */
  meet(told: number): ReadonlyArray<number> {
    const memory = this.#memory
    const now = Atomics.load(memory, meeting)
    // two places a lane, by turns: who comes to the next meeting early overwrites nothing unread
    const places = firstTold + (now & 1) * this.lanes
    Atomics.store(memory, places + this.lane, told)
    if (Atomics.add(memory, arrived, 1) === this.lanes - 1) {
      Atomics.store(memory, arrived, 0)
      Atomics.add(memory, meeting, 1)
      Atomics.notify(memory, meeting)
    } else {
      while (Atomics.load(memory, meeting) === now) Atomics.wait(memory, meeting, now)
    }
    if (Atomics.load(memory, broken) !== 0)
      throw new Error("another thread of the engine has ended")
    return Array.from({ length: this.lanes }, (_, lane) => Atomics.load(memory, places + lane))
  }

  /** Says that a lane will not come any more: whoever waits or comes later throws. */
  static readonly abandon = (shared: SharedArrayBuffer): void => {
    const memory = new Int32Array(shared)
    Atomics.store(memory, broken, 1)
    // by an even number: the places in use stay the same
    Atomics.add(memory, meeting, 2)
    Atomics.notify(memory, meeting)
  }
}
