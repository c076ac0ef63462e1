/** Said when a part of the editor cannot be fetched. */
import { spoken } from "./index";

export const words = spoken({
  unreachable: "This part of the editor could not be loaded: Rouage cannot be reached just now. What you did is safe.",
  again: "Try again",
  renewed: "This part of the editor could not be loaded. Rouage may have been updated meanwhile: reload the page to go on.",
  reload: "Reload the page",
} as const);
