/** How long ago, as people say it; in the language of the page. */
const relative = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "auto" });

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

export function agoWords(at: string): string {
  const seconds = Math.round((Date.parse(at) - Date.now()) / 1_000);
  if (!Number.isFinite(seconds)) return "";
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(Math.abs(seconds) < 5 ? 0 : seconds, "second");
}
