/** What a configuration file of the `sml` command imports. */
export { type ConfigLayers, defineConfig, type Platform, type SmlConfig } from "./SmlConfig.ts"
export type { TrainOptions } from "./TrainOptions.ts"
