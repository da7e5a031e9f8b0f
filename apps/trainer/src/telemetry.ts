/** Traces and metrics by OTLP over HTTP; loaded where an endpoint is set. */
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as OtlpMetrics from "effect/observability/OtlpMetrics"
import * as OtlpSerialization from "effect/observability/OtlpSerialization"
import * as OtlpTracer from "effect/observability/OtlpTracer"

import { jsonText } from "./jsonText.ts"
import { messageLine } from "./LogLine.ts"
import { safeText } from "./safeText.ts"
import { version } from "./version.ts"

/** What the standard has for variables that are not set, which Effect takes for a no. */
const usual = ConfigProvider.fromUnknown({
  OTEL_TRACES_EXPORTER: "otlp",
  OTEL_METRICS_EXPORTER: "otlp"
})

/** A client that tells once that nothing arrives; the run does not need it to. */
const tellingClient = (isJson: boolean) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      let told = false
      const tell = (url: string, why: string) =>
        Effect.suspend(() => {
          if (told) return Effect.void
          told = true
          const sentence = `warning: telemetry does not arrive at ${safeText(new URL(url).origin)} (${why}); the run goes on without it`
          return Effect.flatMap(Clock.currentTimeMillis, (at) =>
            Console.error(isJson ? jsonText(messageLine("note", sentence, at)) : sentence)
          )
        })
      return client.pipe(
        HttpClient.tapError(({ reason, request }) => tell(request.url, reason._tag)),
        HttpClient.tap((response) =>
          response.status >= 400
            ? tell(response.request.url, `status ${response.status}`)
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
export const telemetryLayer = (isJson: boolean) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const serviceName = yield* Config.String("OTEL_SERVICE_NAME").pipe(Config.withDefault("sml"))
      const resource = { serviceName, serviceVersion: version }
      return Layer.mergeAll(
        OtlpTracer.layerFromConfig({ resource }),
        OtlpMetrics.layerFromConfig({ resource })
      )
    }).pipe(Effect.orDie)
  ).pipe(
    Layer.provide([tellingClient(isJson), OtlpSerialization.layerJson]),
    Layer.provide(ConfigProvider.layerAdd(usual))
  )
