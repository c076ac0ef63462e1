/** One field of a form: chooses what shows it by its type. */
import type { Field } from "../editor";
import { accountRow } from "./account";
import { arrayRow } from "./array";
import { choiceRow } from "./choice";
import { collectionRow } from "./collection";
import { dateRow } from "./date";
import { filterRow } from "./filter-field";
import type { Form, Place, View } from "./form";
import { liveRow } from "./live";
import { anyRow } from "./any";
import { sourceRow } from "./source";
import { switchRow } from "./switch";
import { textRow } from "./text";
import { hookRow } from "../webhook-panel";

export function fieldView(form: Form, field: Field, place: Place): View {
  switch (field.type) {
    case "boolean":
      return field.live ? liveRow(form, field, place) : switchRow(form, field, place);
    case "select":
      return field.live ? liveRow(form, field, place) : choiceRow(form, field, place);
    case "array":
      return arrayRow(form, field, place);
    case "collection":
      return collectionRow(form, field, place);
    case "filter":
      return filterRow(form, field, place);
    case "date":
    case "time":
      return dateRow(form, field, place);
    case "connection":
    case "keychain":
      return accountRow(form, field, place);
    case "hook":
      return hookRow(form, field, place);
    case "datastore":
    case "structure":
    case "scenario":
    case "spreadsheet":
    case "sheet":
      return liveRow(form, field, place);
    case "module":
      return sourceRow(form, field, place);
    case "any":
      return field.live ? liveRow(form, field, place) : anyRow(form, field, place);
    default:
      return field.live ? liveRow(form, field, place) : textRow(form, field, place);
  }
}
