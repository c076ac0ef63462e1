/** How many of 802 real blueprints use a module: of two that a word fits alike,
 *  the one that people need goes first. Modules of Gmail, which every mailbox
 *  stands for here, count for those of Email. */
const FILES: Readonly<Record<string, number>> = {
  "http:MakeRequest": 303,
  "gateway:CustomWebHook": 285,
  "builtin:BasicRouter": 268,
  // Newer than most of the files; what the router was used for in many of them.
  "builtin:BasicIfElse": 260,
  "email:ActionSendEmail": 157,
  "google-sheets:addRow": 148,
  "google-sheets:filterRows": 139,
  "util:SetVariables": 108,
  "builtin:BasicFeeder": 107,
  "google-sheets:updateRow": 102,
  "util:SetVariable2": 94,
  "gateway:WebhookRespond": 79,
  "json:ParseJSON": 69,
  "google-sheets:watchRows": 64,
  "builtin:BasicAggregator": 61,
  "util:FunctionSleep": 38,
  "util:TextAggregator": 38,
  "scenario-service:ReturnData": 33,
  "http:DownloadFile": 30,
  "builtin:Ignore": 27,
  "regexp:Parser": 25,
  "email:TriggerNewEmail": 24,
  "datastore:GetRecord": 21,
  "json:CreateJSON": 20,
  "builtin:Break": 18,
  "datastore:AddRecord": 18,
  "regexp:AdvancedParser": 17,
  "regexp:HTMLToText": 17,
  "regexp:Replace": 16,
  "google-sheets:getSheetContent": 13,
  "util:GetVariable2": 13,
  "google-sheets:updateCell": 12,
  "json:TransformToJSON": 12,
  "util:GetVariables": 12,
  "datastore:UpdateRecord": 9,
  "rss:TriggerNewArticle": 9,
  "util:ComposeTransformer": 9,
  "util:FunctionIncrement": 9,
  "util:FunctionAggregator2": 1,
  "builtin:BasicRepeater": 8,
  "builtin:Resume": 7,
  "datastore:SearchRecord": 7,
  "rss:ActionReadArticles": 7,
  "scenario-service:StartSubscenario": 7,
};

const MOST = 303;
/** Points for what everybody uses: less than a word that is met by halves only,
 *  more than the difference between a name and a word that people have for it. */
const POINTS = 15;

/** From 0 to `POINTS`, by how often people use it. */
export function usefulness(name: string): number {
  return (POINTS * Math.log(1 + (FILES[name] ?? 0))) / Math.log(1 + MOST);
}
