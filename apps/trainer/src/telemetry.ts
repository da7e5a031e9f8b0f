/** Traces and metrics by OTLP over HTTP; loaded where an endpoint is set. */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as OtlpMetrics from "effect/observability/OtlpMetrics"
import * as OtlpSerialization from "effect/observability/OtlpSerialization"
import * as OtlpTracer from "effect/observability/OtlpTracer"

import { safeText } from "./safeText.ts"
import { tell } from "./tell.ts"
import { version } from "./version.ts"

/** What the standard has for variables that are not set, which Effect takes for a no. */
const usual = ConfigProvider.fromUnknown({
  OTEL_TRACES_EXPORTER: "otlp",
  OTEL_METRICS_EXPORTER: "otlp"
})

/** A client that tells once that nothing arrives; the run does not need it to. */
const tellingClient = Layer.effect(
  HttpClient.HttpClient,
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    // that of the command line, which says in what form
    const context = yield* Effect.context()
    let told = false
    const tellOnce = (url: string, why: string) =>
      Effect.suspend(() => {
        if (told) return Effect.void
        told = true
        return tell(
          "note",
          `warning: telemetry does not arrive at ${safeText(new URL(url).origin)} (${why}); the run goes on without it`
        ).pipe(Effect.provideContext(context))
      })
    return client.pipe(
      HttpClient.tapError(({ reason, request }) => tellOnce(request.url, reason._tag)),
      HttpClient.tap((response) =>
        response.status >= 400
          ? tellOnce(response.request.url, `status ${response.status}`)
          : Effect.void
      )
    )
  })
).pipe(Layer.provide(FetchHttpClient.layer))

/**
 * What the standard variables say (`OTEL_EXPORTER_OTLP_ENDPOINT`, `_HEADERS`, `OTEL_SERVICE_NAME`,
 * `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_EXPORTER` and so on). What is left at the end is sent within
 * the exporters' own deadline.
 */
export const telemetryLayer = Layer.unwrap(
  Effect.gen(function* () {
    const serviceName = yield* Config.String("OTEL_SERVICE_NAME").pipe(Config.withDefault("sml"))
    const resource = { serviceName, serviceVersion: version }
    return Layer.mergeAll(
      OtlpTracer.layerFromConfig({ resource }),
      OtlpMetrics.layerFromConfig({ resource })
    )
  }).pipe(Effect.orDie)
).pipe(
  Layer.provide([tellingClient, OtlpSerialization.layerJson]),
  Layer.provide(ConfigProvider.layerAdd(usual))
)
