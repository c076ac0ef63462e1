import { spoken, t } from "./index";

export const words = spoken({
  name: "Step by step",
  step: (at: number, all: number) => t`Step ${at} of ${all}`,
  leave: "Leave the guide",
  finish: "Finish",
  trigger: {
    title: "What sets it off?",
    text: "Every scenario begins with a trigger. Press the plus in the middle, choose Webhooks and then Custom webhook: that is an address to which a shop can post its orders.",
  },
  hook: {
    title: "Make the address",
    text: "In the panel, press Create a webhook and give it a name, for example “Orders”. You get an address of your own.",
  },
  sample: {
    title: "Show it an order",
    text: "Rouage learns from a first request what an order looks like. Usually your shop sends it. Here we can send an example for you.",
    action: "Send an example order",
    sent: "The example order was sent.",
  },
  sheet: {
    title: "Add the next module",
    text: "Press the plus at the right side of the webhook, search for “sheet”, and choose Google Sheets, Add a Row.",
  },
  spreadsheet: {
    title: "Which spreadsheet?",
    text: "As Connection choose the built-in spreadsheets: they need no account. Then choose a spreadsheet, or let one be made, and its sheet.",
    missing: (labels: string[]) => t`Still empty: ${labels.join(", ")}.`,
  },
  columns: {
    title: "Fill the columns",
    text: "Click into the field of a column. Beside it you see what the order brought: click on a value, such as email, and it goes in as a coloured pill.",
  },
  run: {
    title: "Try it",
    text: "Press Run once. The webhook then waits for one request; send the example order again and watch the bubbles: each shows how often its module ran.",
    action: "Send the example order",
    waits: "It waits now: send the example order.",
    failed: "This run ended with an error. Click the red bubble to see why, mend it, and run once more.",
  },
  publish: {
    title: "Make it live",
    text: "What you build is a draft until you publish it: press Publish at the top.",
    again: "The scenario is on, but with the version that you published before. Publish once more, so that what you changed is live.",
  },
  on: {
    title: "Switch it on",
    text: "Press the switch at the top. From then on every order that comes in becomes a row, day and night.",
  },
  live: {
    title: "See it work",
    text: "It is on. Let your shop send an order, or send the example as your shop would: this time nobody presses Run once.",
    action: "Send an order",
    failed: "The live version ran and ended with an error. Click the red bubble to see why, mend it, and publish again.",
  },
  early: {
    on: "You have switched it on already. It does its work only when these steps are done and published.",
    published: "You have published already. That is fine: publish once more when these steps are done.",
  },
  done: {
    title: "That is all",
    text: "Your first scenario works: the last order went through it live. Click the bubbles to see what went in and out, add routes or mails as you like: a live scenario only changes when you publish.",
  },
} as const);
