/**
 * The language of the editor. English stands in the files of this folder, and
 * its text is the key; the page brings the words of another language as JSON,
 * and what that lacks stays English.
 *
 * Texts of functions go through `t`: t`Route ${number}` is looked up as
 * "Route {0}", t("1 item") as it is. All others are looked up by `spoken`.
 */
type Texts = Readonly<Record<string, string>>;

const delivered: Texts | null = read();

function read(): Texts | null {
  const json = globalThis.document?.getElementById("words")?.textContent;
  return json ? (JSON.parse(json) as Texts) : null;
}

/** A text in a language: as it is, or as a template with values. */
export function say(texts: Texts | null, text: string | TemplateStringsArray, values: readonly unknown[]): string {
  if (typeof text === "string") return texts?.[text] ?? text;
  const told = texts?.[text.reduce((key, part, at) => `${key}{${at - 1}}${part}`)];
  if (told === undefined) return text.reduce((all, part, at) => `${all}${String(values[at - 1])}${part}`);
  return told.replace(/\{(\d+)\}/g, (mark, at: string) => (Number(at) < values.length ? String(values[Number(at)]) : mark));
}

/** A text of a function, in the language of the page. */
export function t(text: string | TemplateStringsArray, ...values: readonly unknown[]): string {
  return say(delivered, text, values);
}

/** The words of a part, with its plain texts in the language of the page. */
export function spoken<Words extends object>(words: Words, texts: Texts | null = delivered): Words {
  if (!texts) return words;
  const told = (value: unknown): unknown => {
    if (typeof value === "string") return say(texts, value, []);
    if (Array.isArray(value)) return value.map(told);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, told(inner)]));
  };
  return told(words) as Words;
}
