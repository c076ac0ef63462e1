import { spoken } from "./index";

export const words = spoken({
  close: "Close",
  cancel: "Cancel",
  unreachable: "Rouage cannot be reached just now. Check your connection and try again.",
  unreadable: "Rouage answered something unreadable. Try again in a moment.",
  signedOut: "You are signed out. Sign in again in another tab, then go on here: nothing is lost.",
  broken: "Something went wrong on this page. What you did is kept; reload the page if it looks odd.",
} as const);
