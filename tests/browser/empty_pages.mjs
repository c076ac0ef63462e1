// Every page before there is anything on it, and those for strangers.
import { look } from "./look.mjs";
import { importText, links, person, setUp, story } from "./support.mjs";

await story(async (browser) => {
  await look(browser, [
    { name: "setup", path: links[0] },
    { name: "login-nobody", path: "/login" },
    { name: "error-stranger", path: "/setup/nothing", status: 404 },
  ]);
  const { context, page } = await person(browser);
  await setUp(page);
  const blueprint = JSON.stringify({
    name: "Nothing yet",
    flow: [{ id: 1, module: "gateway:CustomWebHook", version: 1, parameters: {}, mapper: {}, metadata: {} }],
    metadata: { version: 1 },
  });
  const storageState = await context.storageState();
  await look(browser, [
    { name: "empty-scenarios", path: "/scenarios?notice=welcome" },
    { name: "empty-scenarios-new", path: "/scenarios/new" },
    { name: "empty-scenarios-new-nothing-found", path: "/scenarios/new?q=unheard" },
    { name: "empty-import", path: "/import" },
    { name: "empty-incomplete", path: "/incomplete" },
    { name: "empty-webhooks", path: "/webhooks" },
    { name: "empty-spreadsheets", path: "/spreadsheets" },
    { name: "empty-datastores", path: "/datastores" },
    { name: "empty-structures", path: "/structures" },
    { name: "empty-outbox", path: "/outbox" },
    { name: "empty-connections", path: "/connections" },
    { name: "empty-users", path: "/settings/users" },
  ], { storageState });
  const scenario = await importText(page, blueprint);
  await look(browser, [
    { name: "empty-scenario", path: scenario },
    { name: "empty-scenario-history", path: `${scenario}/history` },
    { name: "empty-scenario-versions", path: `${scenario}/versions` },
    { name: "empty-scenario-edit", path: `${scenario}/edit` },
  ], { storageState });
  await look(browser, [{ name: "login", path: "/login" }]);
});
