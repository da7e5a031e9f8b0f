/** Which lane of an engine serves a request. */

// requests that a lane may be ahead of another for the sake of running a prompt once
const ahead = 8

// dialogues whose lane is remembered; the oldest are forgotten, and begin anew elsewhere
const remembered = 65_536

/**
 * A dialogue stays where its keys and values are cached; one prompt asked for several times, as a
 * group's, stays together as long as the lanes are about as busy; everything else goes where the fewest
 * requests wait.
 */
export class LaneChoice {
  readonly #waiting: Int32Array
  readonly #dialogues = new Map<string, number>()
  #last: { readonly prompt: Int32Array; readonly lane: number } | undefined

  constructor(lanes: number) {
    this.#waiting = new Int32Array(lanes)
  }

  /** The lane for a request that now waits there. */
  take(cacheKey: string | undefined, prompt: Int32Array): number {
    const known = cacheKey === undefined ? undefined : this.#dialogues.get(cacheKey)
    const lane = known ?? this.#free(prompt)
    this.#waiting[lane] = (this.#waiting[lane] ?? 0) + 1
    if (cacheKey !== undefined && known === undefined) {
      this.#dialogues.set(cacheKey, lane)
      for (const key of this.#dialogues.keys()) {
        if (this.#dialogues.size <= remembered) break
        this.#dialogues.delete(key)
      }
    }
    return lane
  }

  /** A request of the lane has ended. */
  giveBack(lane: number): void {
    this.#waiting[lane] = (this.#waiting[lane] ?? 1) - 1
  }

  #free(prompt: Int32Array): number {
    const least = Math.min(...this.#waiting)
    const last = this.#last
    if (
      last !== undefined &&
      (this.#waiting[last.lane] ?? 0) < least + ahead &&
      isSame(last.prompt, prompt)
    ) {
      return last.lane
    }
    const lane = this.#waiting.indexOf(least)
    this.#last = { prompt, lane }
    return lane
  }
}

const isSame = (a: Int32Array, b: Int32Array): boolean =>
  a.length === b.length && a.every((id, at) => id === b[at])
