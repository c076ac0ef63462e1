// Entry for all pages. Every page works without it.
import { canvas } from "./parts/canvas";
import { confirmations } from "./parts/confirm";
import { copyButtons } from "./parts/copy";
import { dropZones } from "./parts/drop";
import { importDrops } from "./parts/import-drop";
import { keptForms } from "./parts/keep";
import { live } from "./parts/live";
import { previews } from "./parts/preview";
import { localTimes } from "./parts/times";
import { theme } from "./parts/theme";

theme();
copyButtons();
confirmations();
dropZones();
keptForms();
importDrops();
localTimes(document);
canvas();
live();
previews();
