/**
 * The colours of plots and pages, by role. Hues after Okabe and Ito, which people with any of the
 * common colour-vision deficiencies tell apart; every colour is legible as text on its paper, and no
 * meaning is carried by colour alone.
 */
const light = `
  --paper: #ffffff; --card: #f5f7f9; --ink: #1c2127; --muted: #5b6672; --rule: #dce1e6;
  --before: #6d7782; --after: #0068a8; --right: #00785a; --wrong: #b54708; --question: #8a4b86;
  --premature: #8a6100; --hue0: #0068a8; --hue1: #b54708; --hue2: #00785a; --hue3: #8a4b86;
  --hue4: #5b6672;`

const dark = `
  --paper: #101418; --card: #191f25; --ink: #e7ebef; --muted: #9ba7b3; --rule: #313a43;
  --before: #98a3ae; --after: #5cb8f0; --right: #3fc09b; --wrong: #f0935a; --question: #d597cf;
  --premature: #dfb24a; --hue0: #5cb8f0; --hue1: #f0935a; --hue2: #3fc09b; --hue3: #d597cf;
  --hue4: #9ba7b3;`

/** The variables for the given selector, light, and dark where the reader's system is. */
export const paletteCss = (selector: string): string =>
  `${selector} {${light}\n}\n@media screen and (prefers-color-scheme: dark) { ${selector} {${dark}\n} }`

/** The colour of the `index`-th of several equal things. */
export const hue = (index: number): string => `var(--hue${index % 5})`
