/** The `HttpServer` of Node on an address. */
import { Server } from "node:http"

import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"

import { ServerError } from "./ServerError.ts"

/**
 * - `host` (`127.0.0.1`) and `port` (8000; 0 takes any that is free).
 * - `grace` (10 seconds): how long requests that are under way may go on when the scope ends.
 */
export interface ListenOptions {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly grace?: Duration.Input | undefined
}

/** Node waits for the keep-alive of connections whose answer ends after `close`; this does not. */
class DrainingServer extends Server {
  override close(callback?: (error?: Error) => void): this {
    const timer = setInterval(() => this.closeIdleConnections(), 20)
    this.once("close", () => clearInterval(timer))
    return super.close(callback)
  }
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "something else listens there; choose another port, or 0 for any that is free",
  EACCES: "this user may not listen there; choose a port above 1023",
  EADDRNOTAVAIL: "this machine has no such address; choose 127.0.0.1 or 0.0.0.0",
  ENOTFOUND: "there is no such host; choose 127.0.0.1 or 0.0.0.0"
}

const notListening = (host: string, port: number, cause: unknown) => {
  const code =
    typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""
  const because = reasons[code] ?? `${String(cause)}; check the host and the port`
  return new ServerError({ reason: `The server cannot listen on ${host}:${port}: ${because}.` })
}

/** Listens until the scope ends; then no more requests are taken, and those under way may finish. */
export const listen = ({
  grace = "10 seconds",
  host = "127.0.0.1",
  port = 8000
}: ListenOptions): Layer.Layer<HttpServer.HttpServer, ServerError> => {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    const reason = `The port is ${port}; use a whole number from 0 to 65535.`
    return Layer.unwrap(Effect.fail(new ServerError({ reason })))
  }
  return NodeHttpServer.layerServer(() => new DrainingServer(), {
    host,
    port,
    gracefulShutdownTimeout: grace
  }).pipe(
    Layer.catch(({ cause }): Layer.Layer<HttpServer.HttpServer, ServerError> =>
      Layer.unwrap(Effect.fail(notListening(host, port, cause)))
    )
  )
}
