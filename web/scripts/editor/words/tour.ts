export const words = {
  name: "Step by step",
  step: (at: number, all: number) => `Step ${at} of ${all}`,
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
  },
  columns: {
    title: "Fill the columns",
    text: "Click into the field of a column. Beside it you see what the order brought: click on a value, such as email, and it goes in as a coloured pill.",
  },
  run: {
    title: "Try it",
    text: "Press Run once. The webhook then waits for one request; send the example order again and watch the bubbles: each shows how often its module ran.",
    action: "Send the example order",
  },
  publish: {
    title: "Make it live",
    text: "What you build is a draft until you publish it. Press Publish, then switch the scenario on. From then on every order becomes a row.",
  },
  done: {
    title: "That is all",
    text: "Your first scenario works. Click the bubbles to see what went in and out, add routes or mails as you like: a live scenario only changes when you publish.",
  },
} as const;
