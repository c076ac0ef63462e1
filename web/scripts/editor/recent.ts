/** The modules that this person used last, in this browser. */
import type { CatalogueModule } from "./editor";

const KEPT = "rouage.recent-modules";
const MOST = 5;

export function remembered(): string[] {
  try {
    const names = JSON.parse(localStorage.getItem(KEPT) ?? "[]") as unknown;
    return Array.isArray(names) ? names.filter((name) => typeof name === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function remember(module: CatalogueModule): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify([module.name, ...remembered().filter((name) => name !== module.name)].slice(0, MOST)));
  } catch {
    // A private window keeps nothing; the list is a convenience only.
  }
}
