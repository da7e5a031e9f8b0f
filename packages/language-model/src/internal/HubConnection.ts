/** Requests to one hub, each with a deadline, and with the token where it belongs. */
import { HubFault } from "./HubFault.ts"

export interface HubConnection {
  /** Where the hub is, without a slash at the end. */
  readonly endpoint: string
  readonly token: string | undefined
  /** After so many milliseconds without a byte a request is given up. */
  readonly stallMillis: number
}

/**
 * Asks the hub and gives its successful answer, whose bytes are still to be read; `alive` puts the
 * deadline off and must be called when some of them have come, `done` at the end.
 */
export const hubRequest = async (
  { endpoint, stallMillis, token }: HubConnection,
  url: string | URL,
  headers: Headers,
  signal: AbortSignal
) => {
  const deadline = new AbortController()
  const fault = new HubFault("stall", `nothing came for ${stallMillis / 1000} s`)
  const timer = setTimeout(() => deadline.abort(fault), stallMillis)
  const done = () => clearTimeout(timer)
  // a page or a redirection may lead elsewhere
  if (token !== undefined && new URL(url).origin === new URL(endpoint).origin) {
    headers.set("Authorization", `Bearer ${token}`)
  }
  try {
    const response = await fetch(url, {
      headers,
      signal: AbortSignal.any([signal, deadline.signal])
    })
    if (!response.ok) {
      await response.body?.cancel()
      const { headers: said, status } = response
      throw new HubFault("status", `it answered ${status}`, status, said.get("X-Error-Code") ?? "")
    }
    return { response, alive: () => timer.refresh(), done }
  } catch (cause) {
    done()
    throw cause
  }
}

/** A `fetch` for the hub's own library, of which every answer is read within the deadline. */
export const hubFetch =
  (connection: HubConnection, signal: AbortSignal): typeof fetch =>
  async (input, init) => {
    const url = input instanceof Request ? input.url : input
    const { done, response } = await hubRequest(connection, url, new Headers(init?.headers), signal)
    try {
      const text = await response.text()
      return new Response(text, { status: response.status, headers: response.headers })
    } finally {
      done()
    }
  }
