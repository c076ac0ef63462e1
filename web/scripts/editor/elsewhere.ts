/** Services that people know from Make and look for, and that have no app here.
 *  Somebody who searches for one is told so, instead of doubting the spelling. */
import { folded } from "./search";

const NAMES = [
  "ActiveCampaign", "Airtable", "Apify", "Asana", "Calendly", "ClickUp", "Discord", "Dropbox", "Facebook", "Gmail", "GitHub", "Google Calendar", "Google Docs", "Google Drive",
  "Google Forms", "HubSpot", "Instagram", "Jira", "LinkedIn", "Mailchimp", "Microsoft Excel", "Microsoft Outlook", "Microsoft Teams", "Monday", "MySQL", "Notion", "OneDrive",
  "OpenAI", "Anthropic Claude", "PayPal", "Perplexity", "Pipedrive", "PostgreSQL", "Salesforce", "Shopify", "Slack", "Stripe", "Telegram", "Todoist", "Trello", "Twilio", "Typeform",
  "Webflow", "WhatsApp", "WooCommerce", "WordPress", "X (Twitter)", "Xero", "YouTube", "Zendesk", "Zoho", "Zoom",
];

/** The service that is meant, unless there is an app for it. */
export function knownElsewhere(query: string, labels: readonly string[]): string | undefined {
  const wanted = folded(query.trim());
  if (wanted.length < 3) return undefined;
  const isHere = new Set(labels.map(folded));
  return NAMES.find((name) => !isHere.has(folded(name)) && folded(name).split(/[\s()]+/).concat(folded(name)).some((word) => word.startsWith(wanted)));
}
