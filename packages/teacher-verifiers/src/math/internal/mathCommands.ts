/** The LaTeX commands, Unicode characters and plain words the tokenizer knows. */

/** How a command is read; see `tokenize`. */
export type Command =
  | { readonly as: "skip" }
  | { readonly as: "space" }
  | { readonly as: "wide" }
  | { readonly as: "op"; readonly v: string }
  | { readonly as: "id"; readonly v: string }
  | { readonly as: "fn"; readonly v: string }
  | { readonly as: "cmd"; readonly v: string }
  /** The argument is words: a unit, a name, a connective. */
  | { readonly as: "text" }
  /** The command and its argument say nothing. */
  | { readonly as: "drop" }

const table = new Map<string, Command>()

const put = (command: Command, names: string) => {
  for (const name of names.split(" ")) table.set(name, command)
}

/** Names that stand for themselves. */
const putSame = (as: "id" | "fn" | "cmd", names: string) => {
  for (const name of names.split(" ")) table.set(name, { as, v: name })
}

const putOp = (v: string, names: string) => put({ as: "op", v }, names)

const greek =
  "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"

put(
  { as: "skip" },
  "left right bigl bigr Bigl Bigr biggl biggr Biggl Biggr big Big bigg Bigg middle displaystyle textstyle scriptstyle limits nolimits mathbf boldsymbol bm mathit mathcal mathsf mathtt mathscr mathfrak vec overrightarrow widehat hat tilde dot ddot underline boxed fbox cancel bcancel angle measuredangle triangle odot displaylimits nonumber notag centering rm bf it sf tt ensuremath mathstrut strut square Box overbrace underbrace"
)
put({ as: "space" }, "n t r hfill thinspace enspace medspace thickspace negthinspace hline")
put({ as: "wide" }, "quad qquad newline")
put(
  { as: "text" },
  "text textbf textit textrm textsf texttt textnormal textup textsc mbox hbox mathrm operatorname emph mathop operatornamewithlimits"
)
put({ as: "drop" }, "label tag hspace vspace phantom hphantom vphantom color textcolor")
putSame("id", greek)
put({ as: "id", v: "epsilon" }, "varepsilon")
put({ as: "id", v: "phi" }, "varphi")
put({ as: "id", v: "theta" }, "vartheta")
put({ as: "id", v: "rho" }, "varrho")
put({ as: "id", v: "sigma" }, "varsigma")
put({ as: "id", v: "pi" }, "pi varpi")
put({ as: "id", v: "ell" }, "ell")
put({ as: "id", v: "hbar" }, "hbar")
put({ as: "id", v: "i" }, "imath")
put({ as: "id", v: "circ" }, "circ")
put({ as: "id", v: "prime" }, "prime")
put({ as: "id", v: "top" }, "top intercal")
putSame(
  "fn",
  "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth sech csch ln log lg exp gcd lcm min max det arg Re Im cbrt abs floor ceil sign sgn mod arcsinh arccosh arctanh arccot arcsec arccsc asin acos atan asinh acosh atanh"
)
put({ as: "fn", v: "Re" }, "real")
put({ as: "fn", v: "Im" }, "imag")
put({ as: "fn", v: "csc" }, "cosec")
put({ as: "fn", v: "tan" }, "tg")
put({ as: "fn", v: "arctan" }, "arctg")
put({ as: "fn", v: "cot" }, "ctg cotg")
put({ as: "cmd", v: "frac" }, "frac dfrac tfrac cfrac xfrac nicefrac sfrac")
put({ as: "cmd", v: "binom" }, "binom dbinom tbinom")
put({ as: "cmd", v: "overline" }, "overline bar")
put({ as: "cmd", v: "int" }, "int")
putSame("cmd", "sqrt sum prod lim begin end mathbb bmod pmod surd")
putOp("*", "times cdot ast star bullet")
putOp("/", "div slash over")
putOp("pm", "pm")
putOp("mp", "mp")
putOp("<", "lt")
putOp(">", "gt")
putOp("<=", "le leq leqslant leqq")
putOp(">=", "ge geq geqslant geqq")
putOp("!=", "ne neq")
putOp("=", "equiv coloneqq triangleq")
putOp("~", "approx simeq sim cong approxeq thickapprox doteq")
putOp("in", "in isin")
putOp("notin", "notin")
putOp("cup", "cup bigcup sqcup")
putOp("cap", "cap bigcap")
putOp("setminus", "setminus smallsetminus backslash")
putOp("inf", "infty")
putOp("empty", "emptyset varnothing")
putOp("\\{", "lbrace")
putOp("\\}", "rbrace")
putOp("(", "lparen langle")
putOp(")", "rparen rangle")
putOp("[", "lbrack")
putOp("]", "rbrack")
putOp("lfloor", "lfloor")
putOp("rfloor", "rfloor")
putOp("lceil", "lceil")
putOp("rceil", "rceil")
putOp("|", "vert lvert rvert mid")
putOp("norm", "Vert lVert rVert parallel")
putOp("dots", "dots ldots cdots dotsc dotsb vdots ddots")
putOp("to", "to rightarrow longrightarrow")
putOp("implies", "Rightarrow implies Longrightarrow therefore iff Leftrightarrow")
putOp(":", "colon")
putOp("°", "degree textdegree")
putOp("%", "percent")
putOp("$", "dollar textdollar pounds euro")
putOp("and", "land wedge")
putOp("or", "lor vee")

/** What a command means, if it is known. */
export const lookUpCommand = (name: string): Command | undefined => table.get(name)

/** Functions that plain text writes as words. */
const plainFunctions = new Map<string, string>(
  "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp gcd lcm min max det abs floor ceil sqrt cbrt factorial"
    .split(" ")
    .map((name) => [name, name])
)
plainFunctions.set("asin", "arcsin")
plainFunctions.set("acos", "arccos")
plainFunctions.set("atan", "arctan")

export const lookUpFunction = (word: string): string | undefined => plainFunctions.get(word)

/** Constants that plain text writes as words. */
const plainConstants = new Map<string, string>([
  ["pi", "pi"],
  ["Pi", "pi"],
  ["PI", "pi"],
  ["inf", "inf"],
  ["Inf", "inf"],
  ["oo", "inf"],
  ["infty", "inf"],
  ["infinity", "inf"],
  ["Infinity", "inf"],
  ...greek.split(" ").flatMap((name): Array<[string, string]> => [[name, name]])
])

export const lookUpConstant = (word: string): string | undefined => plainConstants.get(word)

const unicode = new Map<string, string>()
for (const [characters, latex] of [
  ["−–—‐‑﹣－", "-"],
  ["×·⋅∙•∗", "*"],
  ["÷∕⁄", "/"],
  ["＋", "+"],
  ["＝", "="],
  ["≤⩽≦", "<="],
  ["≥⩾≧", ">="],
  ["≠", "!="],
  ["≈≃∼", "\\approx "],
  ["≡", "="],
  ["±", "\\pm "],
  ["∓", "\\mp "],
  ["∈", "\\in "],
  ["∉", "\\notin "],
  ["∪⋃", "\\cup "],
  ["∩⋂", "\\cap "],
  ["∖", "\\setminus "],
  ["∞", "\\infty "],
  ["∅", "\\emptyset "],
  ["ℝ", "\\mathbb{R}"],
  ["ℤ", "\\mathbb{Z}"],
  ["ℕ", "\\mathbb{N}"],
  ["ℚ", "\\mathbb{Q}"],
  ["ℂ", "\\mathbb{C}"],
  ["√", "\\sqrt "],
  ["∛", "\\cbrt "],
  ["∑", "\\sum "],
  ["∏", "\\prod "],
  ["∫", "\\int "],
  ["π𝜋", "\\pi "],
  ["α", "\\alpha "],
  ["β", "\\beta "],
  ["γ", "\\gamma "],
  ["δ", "\\delta "],
  ["ε", "\\epsilon "],
  ["θ", "\\theta "],
  ["λ", "\\lambda "],
  ["μµ", "\\mu "],
  ["ρ", "\\rho "],
  ["σ", "\\sigma "],
  ["τ", "\\tau "],
  ["φϕ", "\\phi "],
  ["χ", "\\chi "],
  ["ψ", "\\psi "],
  ["ω", "\\omega "],
  ["Δ∆", "\\Delta "],
  ["Σ", "\\Sigma "],
  ["Ω", "\\Omega "],
  ["∠△", " "],
  ["⌊", "\\lfloor "],
  ["⌋", "\\rfloor "],
  ["⌈", "\\lceil "],
  ["⌉", "\\rceil "],
  ["⟨", "\\langle "],
  ["⟩", "\\rangle "],
  ["→", "\\to "],
  ["⇒∴⟹", "\\implies "],
  ["∧", "\\land "],
  ["∨", "\\lor "],
  ["…⋯", "\\dots "],
  ["º˚", "°"],
  ["％", "%"],
  ["′’‘", "'"],
  ["“”", '"'],
  ["（", "("],
  ["）", ")"],
  ["，、", ","],
  ["；", ";"],
  ["：∶", ":"],
  ["。", "."],
  [
    "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    " "
  ],
  ["\u200b\u200c\u200d\u2060\u2061\u2062\u2063\ufeff", ""],
  ["½", "\\frac{1}{2}"],
  ["⅓", "\\frac{1}{3}"],
  ["⅔", "\\frac{2}{3}"],
  ["¼", "\\frac{1}{4}"],
  ["¾", "\\frac{3}{4}"],
  ["⅕", "\\frac{1}{5}"],
  ["⅖", "\\frac{2}{5}"],
  ["⅗", "\\frac{3}{5}"],
  ["⅘", "\\frac{4}{5}"],
  ["⅙", "\\frac{1}{6}"],
  ["⅚", "\\frac{5}{6}"],
  ["⅛", "\\frac{1}{8}"],
  ["⅜", "\\frac{3}{8}"],
  ["⅝", "\\frac{5}{8}"],
  ["⅞", "\\frac{7}{8}"]
] as const) {
  for (const character of characters) unicode.set(character, latex)
}
for (let digit = 0; digit < 10; digit++) {
  unicode.set(String.fromCodePoint(0xff10 + digit), String(digit))
}

const beyondAscii = /[\u0080-\uffff]/

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹"
const subscripts = "₀₁₂₃₄₅₆₇₈₉"

/** Writes Unicode mathematics in LaTeX and ASCII. */
export const asciiMath = (text: string): string => {
  if (!beyondAscii.test(text)) return text
  return text
    .replaceAll(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]+/g, (run) => {
      const digits = Array.from(run, (c) => {
        const digit = superscripts.indexOf(c)
        return digit >= 0 ? String(digit) : c === "⁻" ? "-" : c === "ⁿ" ? "n" : "+"
      })
      return `^{${digits.join("")}}`
    })
    .replaceAll(/[₀₁₂₃₄₅₆₇₈₉]+/g, (run) => {
      const digits = Array.from(run, (c) => String(subscripts.indexOf(c)))
      return `_{${digits.join("")}}`
    })
    .replaceAll(/[\u0080-\u{10ffff}]/gu, (character) => unicode.get(character) ?? character)
}
