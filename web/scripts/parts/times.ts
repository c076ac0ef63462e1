/** Times as the pages of the server write them: 24 hours, the day before the
 *  month. A browser's own way would be a second one on the same page. */
const language = (): string => {
  const { lang } = document.documentElement;
  return lang === "" || lang === "en" ? "en-GB" : lang;
};

/** Such as `24 Nov 2026, 17:31:11`. */
export function exactTime(at: Date): string {
  return new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" }).format(at);
}

/** Such as `17:47`. */
export function clockTime(at: Date): string {
  return new Intl.DateTimeFormat(language(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
}

/** Titles of times in the reader's own zone. */
export function localTimes(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) time.title = exactTime(at);
  }
}
