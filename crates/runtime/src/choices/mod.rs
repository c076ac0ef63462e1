//! Live choices of an open form: what can be put into a field of a module that
//! is being edited, and which fields a dynamic one has.
//!
//! What is Rouage's own (accounts, webhooks, data stores, other modules) is
//! answered here; the rest by the app, with a call outside of any run. Nothing
//! here changes anything, and whatever goes wrong is a sentence for the person
//! who looks at the form.

mod form;
mod own;

use std::time::Duration;

use rouage_model::blueprint::Module;
use rouage_model::{ModuleError, ScenarioId, TeamId, Value};
use rouage_sdk::{Field, FieldChoices, FieldKind, LiveField};
use rouage_store::drafts::Draft;

use crate::catalogue_entries::{Entry, entry};
use crate::control::{Control, ControlError};
use crate::core::Core;

/// How long an app may take for an answer.
const TIME: Duration = Duration::from_secs(15);

/// What is asked.
#[derive(Debug, Clone)]
pub struct ChoicesRequest {
    /// The module as it stands in the editor, a module of a blueprint.
    pub module: Value,
    /// The links of the draft.
    pub links: Value,
    /// The field by its dotted path; places in lists may be in it. Empty for
    /// the field that stands for the whole form.
    pub field: String,
    /// What is searched for; may be empty.
    pub search: String,
}

/// A question with everything that it takes to answer it.
struct Asked<'a> {
    core: &'a Core,
    team: TeamId,
    draft: &'a Draft,
    entry: &'a Entry,
    field: &'a Field,
    /// The path without places in lists.
    path: &'a str,
    request: &'a ChoicesRequest,
}

impl Asked<'_> {
    fn module(&self) -> Module<'_> {
        Module(&self.request.module)
    }

    /// The link of a field of the module.
    fn link(&self, field: &str) -> Option<&Value> {
        crate::links::get(&self.request.links, self.module().id()?, field)
    }

    /// The id that a field is linked to.
    fn linked(&self, field: &str) -> Option<i64> {
        self.link(field).and_then(Value::as_i64)
    }

    /// The first field of a kind in the module's form.
    fn sibling(&self, is_it: impl Fn(&FieldKind) -> bool) -> Option<&Field> {
        self.entry.fields().map(|(field, _)| field).find(|field| is_it(&field.kind))
    }
}

impl Control {
    /// What can be chosen for a field of a module that is being edited. The
    /// inner `Err` is a sentence for people: why nothing can, and what to do.
    pub async fn choices(
        &self,
        team: TeamId,
        scenario: ScenarioId,
        request: &ChoicesRequest,
    ) -> Result<Result<FieldChoices, String>, ControlError> {
        let draft = self.draft(team, scenario).await?;
        let (name, version) = (Module(&request.module).name(), Module(&request.module).version());
        let Some(entry) = entry(&self.core.registry, name, version) else {
            return Ok(Err(format!("Rouage does not have the module {name:?}, so there is nothing to choose")));
        };
        let path = without_places(&request.field);
        let Some(field) = find(&entry, &path) else {
            return Ok(Err(format!("{} has no field {:?} to choose for", entry.label, request.field)));
        };
        let asked = Asked { core: &self.core, team, draft: &draft, entry: &entry, field, path: &path, request };
        Ok(answer(&asked).await.map_err(|error| in_the_editor(&error)))
    }
}

/// The columns of the sheet that a module reads, by their headers; none when
/// they cannot be had at once. Asked for labels, not for a form: an account at
/// a service is left alone.
pub(crate) async fn columns(core: &Core, team: TeamId, draft: &Draft, module: Module<'_>) -> Vec<LiveField> {
    let Some(entry) = entry(&core.registry, module.name(), module.version()) else { return Vec::new() };
    let is_built_in = |field: &Field| {
        let link = module.id().and_then(|id| crate::links::get(&draft.links, id, field.name));
        link.and_then(Value::as_text) == Some(crate::links::BUILT_IN)
    };
    let account = entry.fields().map(|(field, _)| field).find(|field| matches!(field.kind, FieldKind::Connection(_)));
    let Some(field) = account.filter(|field| is_built_in(field)) else { return Vec::new() };
    let request = ChoicesRequest {
        module: module.0.clone(),
        links: draft.links.clone(),
        field: COLUMNS.to_owned(),
        search: String::new(),
    };
    let asked = Asked { core, team, draft, entry: &entry, field, path: COLUMNS, request: &request };
    form::ask_app(&asked).await.ok().and_then(|answer| answer.fields).unwrap_or_default()
}

/// What modules that write rows call their columns; those that read them give
/// the same names.
const COLUMNS: &str = "values";

async fn answer(asked: &Asked<'_>) -> Result<FieldChoices, ModuleError> {
    match own::choices(asked).await? {
        Some(choices) => Ok(choices),
        None => form::ask_app(asked).await,
    }
}

/// `items.0.name` → `items.name`.
fn without_places(path: &str) -> String {
    let is_place = |step: &&str| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    path.split('.').filter(|step| !is_place(step)).collect::<Vec<_>>().join(".")
}

/// A field by its path without places.
fn find<'e>(entry: &'e Entry, path: &str) -> Option<&'e Field> {
    let mut steps = path.split('.');
    let first = steps.next()?;
    let mut field = entry.fields().map(|(field, _)| field).find(|field| field.name == first)?;
    for step in steps {
        let (FieldKind::Array(inner) | FieldKind::Collection(inner)) = &field.kind else { return None };
        field = inner.iter().find(|inner| inner.name == step)?;
    }
    Some(field)
}

/// Errors of runs send people to the Set-up tab; here the field is in front of
/// them.
fn in_the_editor(error: &ModuleError) -> String {
    let mut text = error.message.replace(" on the Set-up tab", "").replace(" on the scenario's Set-up tab", "");
    if !error.details.is_empty() && !error.details.iter().any(|detail| text.contains(&**detail)) {
        text = format!("{text}: {}", error.details.join(" "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_deep_in_a_form_is_found_by_its_path() {
        let registry = rouage_sdk::Registry::default();
        let entry = entry(&registry, "util:Switcher", None).unwrap();
        assert_eq!(without_places("casesTable.12.output"), "casesTable.output");
        assert_eq!(find(&entry, "casesTable.output").map(|field| field.label), Some("Output"));
        assert!(find(&entry, "casesTable.output.more").is_none() && find(&entry, "other").is_none());
        let resume = super::entry(&registry, "builtin:Resume", None).unwrap();
        assert_eq!(find(&resume, "").map(|field| field.label), Some("Substitute output"));
    }
}
