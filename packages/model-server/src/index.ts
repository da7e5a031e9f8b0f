/** An OpenAI-compatible endpoint over any checkpoint that the engine loads. */
export * from "./listen.ts"
export * from "./serve.ts"
export * from "./ServedModel.ts"
export * from "./serveModel.ts"
export * from "./ServerError.ts"
export * from "./TextPieces.ts"
