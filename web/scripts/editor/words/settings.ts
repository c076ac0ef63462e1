/** The panel of the scenario's settings: Make's names, what each does. */
import { spoken, t } from "./index";

export const words = spoken({
  title: "Scenario settings",
  change: (label: string) => t`Setting: ${label}`,
  lead: "They are part of the draft: they hold for the live scenario once you publish.",
  whenLabel: "When it runs",
  schedule: "Change the schedule",
  more: "More",
  inputs: "Inputs and outputs",
  page: "Name, folder, time zone and history",
  tooSmall: "Enter a whole number of at least 1.",
  switches: {
    dlq: ["Store incomplete executions", "A bundle at which a module fails is kept under “Needs a decision”, the others go on. Off: the run ends with an error."],
    sequential: ["Sequential processing", "One run at a time, in the order of arrival. Incomplete executions hold up the next runs."],
    confidential: ["Data is confidential", "The history keeps no bundles: you see what ran, not with which data."],
    dataloss: ["Enable data loss", "When the store of incomplete executions is full, the scenario goes on and what fails is lost."],
    autoCommit: ["Auto commit", "Every module keeps what it did at once. Off: data stores and built-in spreadsheets are written for good only when the cycle has ended well."],
    autoCommitTriggerLast: ["Commit trigger last", "A trigger moves on only when all that it gave has been processed."],
  },
  numbers: {
    roundtrips: ["Max number of cycles", "How often a trigger is asked for more within one run."],
    maxErrors: ["Number of consecutive errors", "After so many runs in a row that end with an error, it is switched off. One that runs when data arrives is switched off at the first."],
  },
} as const);
