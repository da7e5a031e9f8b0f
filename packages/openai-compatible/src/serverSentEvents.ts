/** The payloads of a `text/event-stream`. */
import * as Effect from "effect/Effect"
import * as Sse from "effect/encoding/Sse"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

/** An event is longer than is allowed; `reason` says how long that is. */
export class EventTooLong extends Schema.TaggedError<EventTooLong>()("EventTooLong", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/**
 * The data of each event of a byte stream, however the stream is cut. Comments, empty events, names,
 * ids and wishes about reconnecting are passed over; an event that the stream ends in the middle of
 * is dropped, as the standard has it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { serverSentEvents } from "@sml/openai-compatible"
 * import { Effect, Stream } from "effect"
 *
 * const bytes = new TextEncoder().encode(": keep-alive\n\ndata: é\r\n\r\ndata: 2\n\ndata: ha")
 * const cut = Stream.fromIterable([bytes.subarray(0, 22), bytes.subarray(22)])
 * const data = await Effect.runPromise(Stream.runCollect(serverSentEvents(cut)))
 * assert.deepEqual(data, ["é", "2"])
 * ```
 */
export const serverSentEvents = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>
): Stream.Stream<string, E | EventTooLong, R> =>
  Stream.suspend(() => {
    let found: Array<string> = []
    const parser = Sse.makeParser((event) => {
      if (event._tag === "Event") found.push(event.data)
    })
    const decoder = new TextDecoder()
    return Stream.mapEffect(bytes, (chunk) =>
      Effect.suspend(() => {
        const error = parser.feed(decoder.decode(chunk, { stream: true }))
        if (error !== undefined) return Effect.fail(new EventTooLong({ reason: error.message }))
        const events = found
        found = []
        return Effect.succeed(events)
      })
    ).pipe(Stream.flattenIterable)
  })
